// XGBoost's JSON: our boosters for others to open, and others' for us.
export { exportedTreesOf } from './export-booster';
export { readXgboost } from './read-xgboost';
export { xgboostModelOf, nextAbove, type ExportedTrees } from './write-xgboost';
export {
  predictXgboost,
  xgboostImportance,
  CHECKSUM_ATTRIBUTE,
  type XgboostModel,
} from './xgboost-model';
export { floatText, xgboostText } from './xgboost-text';
