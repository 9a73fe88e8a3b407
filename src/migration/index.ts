// Migration cost, windows, feed.
export * from './window-store';
export * from './calendars';
export * from './change-policy';
export * from './cloud-event';
export * from './compare-loads';
export * from './cost/cost-settings';
export { simulatePreCopy, type PreCopyCase, type PreCopyOutcome } from '../kernels';
export * from './cost/predict-cost';
export * from './cost/learned';
export * from './explain';
export * from './plan-windows';
export * from './plans';
export * from './relay-feed';
export * from './windows/candidate-table';
export * from './windows/rank-windows';
export * from './windows/window-document';
export * from './windows/window-schema';
export * from './windows/learned';
