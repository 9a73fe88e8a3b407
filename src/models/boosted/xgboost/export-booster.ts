// What of a trained booster goes into a file for others, and what its reader must know of rows and target.
import { DomainError } from '../../../core';
import { FEATURE_NAMES } from '../../../kernels';
import type { FittedBoosted } from '../boosted-forecaster';
import type { ExportedTrees } from './write-xgboost';

/** Throws MODEL_STATE_INVALID where the booster has no trees: its fleet had too few rows. */
export function exportedTreesOf({ state }: FittedBoosted): ExportedTrees {
  const { name, centring, stepsPerDay, horizon, rowCount, cuts, groups } = state;
  if (groups.length === 0) {
    const message = `model '${name}' has no trees: ${rowCount} rows were too few to learn from`;
    throw new DomainError('MODEL_STATE_INVALID', message);
  }
  const attributes = {
    slackwater_model: name,
    slackwater_centre: centring,
    slackwater_steps_per_day: `${stepsPerDay}`,
    slackwater_horizon: `${horizon}`,
    slackwater_target: '(value - centre) / scale',
  };
  return { cuts, featureNames: FEATURE_NAMES, groups, attributes };
}
