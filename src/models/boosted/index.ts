// Boosted trees over the fleet: scaled by the last level, and centred on a blend of rules.
export * from './boosted-forecaster';
export { cutsOf } from './bin-cuts';
export * from './xgboost';
