// Twins that need no server: what the composition root may see.
export * from './embedded-postgres';
export * from './memory-role-lease';
export * from './data-folder';
export * from './memory-tenants';
export * from './in-process-feed-bus';
export * from './memory-feed-store';
export * from './memory-window-store';
export * from './memory-object-store';
export * from './memory-rollup-store';
export * from './in-process-job-queue';
export * from './memory-ledger';
export * from './embedded-sample-log';
export * from './embedded-sample-source';
export * from './memory-token-store';
export * from './memory-plan-store';
export * from './memory-claim-store';
export * from './memory-outcome-store';
