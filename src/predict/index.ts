// The night: plan, ledger, shards, backtest.
export * from './advance-run';
export * from './backtest';
export * from './column-file';
export * from './fleet-sums';
export * from './forecast-file';
export { forecastKey, type Counts, type ForecastResult } from './forecast-shard';
export * from './job-queue';
export * from './ledger';
export * from './night-ports';
export * from './night-settings';
export * from './plan-run';
export { summarise, type RunSummary } from './publish-run';
export * from './read-forecast';
export * from './role-lease';
export * from './run-night';
export * from './run-shard';
export * from './tenant-catalog';
export * from './window-planner';
