// Boosted trees over the fleet: scaled by the last level, and centred on a blend of rules.
export * from './boosted-forecaster';
export { FEATURE_NAMES, RowFeatures, type Centring } from './row-features';
export { binRows, CUTS_MAX, cutsOf, type BinCuts } from './bin-cuts';
export {
  carryForward,
  isUsable,
  profileOf,
  runningSum,
  spanDeviation,
  spanMean,
  type SeriesProfile,
} from './series-profile';
export * from './xgboost';
