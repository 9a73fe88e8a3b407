// Boosted trees over the fleet: scaled by the last level, and centred on a blend of rules.
export * from './boosted-forecaster';
export { cutsOf } from './bin-cuts';
export {
  carryForward,
  CUTS_MAX,
  FEATURE_NAMES,
  isUsable,
  profileOf,
  RowFeatures,
  runningSum,
  spanDeviation,
  spanMean,
  type BinCuts,
  type Centring,
  type SeriesProfile,
} from '../../kernels';
export * from './xgboost';
