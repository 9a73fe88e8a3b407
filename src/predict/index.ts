// The night: plan, ledger, shards, backtest.
export * from './job-queue';
export * from './ledger';
export * from './window-planner';
export * from './role-lease';
export * from './tenant-catalog';
