// The learned cost of a migration: runs, model, fit, prediction.
export * from './cost-model';
export * from './fit-model';
export * from './predict-run';
export * from './real-copy';
export * from './run-table';
