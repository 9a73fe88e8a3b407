// Numeric kernels: one meaning, several speeds.
export * from './arena';
export * from './arima-kernels';
export * from './arima-orders';
export * from './boosted-kernels';
export * from './kernels';
export * from './open-kernels';
export * from './combine-kernels';
export * from './copy-rows';
export * from './features-kernels';
export * from './history-kernels';
export * from './lstm-kernels';
export * from './rules-kernels';
export { fillForward, RULE_OF } from './reference/rules';
export {
  FEATURE_COUNT,
  FEATURE_NAMES,
  RowFeatures,
  type Calendar,
} from './reference/features/row-features';
export {
  carryForward,
  isUsable,
  profileOf,
  runningSum,
  spanDeviation,
  spanMean,
  type SeriesProfile,
} from './reference/features/series-profile';
export * from './text-kernels';
export * from './windows-kernels';
export * from './reference/windows/copy-cost';
export * from './reference/windows/pre-copy';
