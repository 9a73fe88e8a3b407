// PostgreSQL: what the composition root may see.
export * from './database';
export * from './migrate';
export * from './postgres-role-lease';
export * from './postgres-rollup-store';
export * from './probe-postgres';
export * from './postgres-tenants';
export { SERVICE_ROLE, SYSTEM_ROLE } from './service-connection';
export * from './postgres-ledger';
export * from './postgres-window-store';
export * from './postgres-feed-store';
export * from './postgres-token-store';
export * from './postgres-plan-store';
export * from './postgres-claim-store';
export * from './postgres-outcome-store';
export * from './postgres-model-registry';
export * from './postgres-training-orders';
