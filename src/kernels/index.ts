// Numeric kernels: one meaning, several speeds.
export * from './arima-kernels';
export * from './arima-orders';
export * from './boosted-kernels';
export * from './kernels';
export * from './open-kernels';
export * from './rules-kernels';
export { fillForward, RULE_OF } from './reference/rules';
