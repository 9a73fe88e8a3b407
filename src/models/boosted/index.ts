// Boosted trees over the fleet: scaled by the last level, and centred on a blend of rules.
export * from './boosted-forecaster';
export { FEATURE_NAMES, type Centring } from './row-features';
