// What each tree sees: rows in chunks, features, and gradients rounded to small integers by chance.
import { hash32, uniform } from '../../../core';
import { CHUNK_ROWS } from '../../boosted-kernels';
import type { BoostedTraining } from '../../boosted-kernels';

const ROW_STREAM = 1;
const FEATURE_STREAM = 2;
const ROUND_STREAM = 3;

/** Rows of the tree, ascending. */
export function drawRows(request: BoostedTraining, tree: number): number[] {
  const rows: number[] = [];
  for (let row = 0; row < request.matrix.rowCount; row += 1) {
    const chunk = Math.floor(row / CHUNK_ROWS);
    if (uniform(request.seed, ROW_STREAM, tree, chunk) < request.rowShare) rows.push(row);
  }
  return rows;
}

/** Features of the tree, ascending; at least one. */
export function drawFeatures(request: BoostedTraining, tree: number): number[] {
  const { featureCount } = request.matrix;
  const drawn: number[] = [];
  for (let feature = 0; feature < featureCount; feature += 1) {
    if (uniform(request.seed, FEATURE_STREAM, tree, feature) < request.featureShare) {
      drawn.push(feature);
    }
  }
  if (drawn.length === 0 && featureCount > 0) {
    drawn.push(hash32(request.seed, FEATURE_STREAM, tree, featureCount) % featureCount);
  }
  return drawn;
}

/**
 * Stochastic rounding (Shi et al. 2022): the expected value of the integer is the gradient, so that
 * histograms are exact sums of integers and yet unbiased.
 */
export function roundGradients(
  gradients: Float32Array,
  rows: readonly number[],
  steps: number,
  seed: number,
  tree: number,
): Int32Array {
  let most = 0;
  for (const gradient of gradients) most = Math.max(most, Math.abs(gradient));
  const scale = most > 0 ? steps / most : 0;
  return Int32Array.from(rows, (row, at) =>
    Math.floor(gradients[at] * scale + uniform(seed, ROUND_STREAM, tree, row)),
  );
}
