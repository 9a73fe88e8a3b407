// Rows for the benches of boosted trees: 60 lags of noisy waves as bytes, the next value as target.
import { DomainError, normal } from '../../core';
import type { BoostedTraining, BoostedTrees, ByteMatrix } from '../../kernels';

export const LAGS = 60;
const BINS = 63;
const ROWS_PER_SERIES = 672; // four weeks of hours

/** Lag k of row t is the byte of t - k: columns of one series are views shifted by one. */
export function lagMatrix(rowCount: number): { matrix: ByteMatrix; target: Float32Array } {
  const bins = new Uint8Array(LAGS * rowCount);
  const target = new Float32Array(rowCount);
  const length = ROWS_PER_SERIES + LAGS;
  const series = new Float32Array(length);
  for (let first = 0; first < rowCount; first += ROWS_PER_SERIES) {
    const number = first / ROWS_PER_SERIES;
    let noise = 0;
    for (let t = 0; t < length; t += 1) {
      noise = 0.7 * noise + 0.5 * normal(1, number, t);
      series[t] = (1 + (number % 5)) * 0.4 * Math.sin((2 * Math.PI * (t + number)) / 24) + noise;
    }
    const count = Math.min(ROWS_PER_SERIES, rowCount - first);
    for (let row = 0; row < count; row += 1) {
      target[first + row] = series[row + LAGS];
      for (let lag = 1; lag <= LAGS; lag += 1) {
        const bin = Math.round((series[row + LAGS - lag] + 4) * (BINS / 8));
        bins[(lag - 1) * rowCount + first + row] = Math.min(BINS - 1, Math.max(0, bin));
      }
    }
  }
  return { matrix: { bins, featureCount: LAGS, rowCount }, target };
}

export function trainingOf(rowCount: number, treeCount: number): BoostedTraining {
  return {
    ...lagMatrix(rowCount),
    binCount: BINS,
    loss: 'squared',
    treeCount,
    depth: 6,
    learningRate: 0.1,
    l2: 1,
    rowShare: 1,
    featureShare: 1,
    seed: 1,
  };
}

/** Throws INTERNAL when the trees differ from the reference's in a split or, beyond float32, in a leaf. */
export function expectSameTrees(kernel: string, fast: BoostedTrees, slow: BoostedTrees): void {
  const splits = fast.splitFeatures.every((feature, at) => feature === slow.splitFeatures[at]);
  const bins = fast.splitBins.every((bin, at) => bin === slow.splitBins[at]);
  const leaves = fast.leaves.every((leaf, at) => Math.abs(leaf - slow.leaves[at]) < 1e-5);
  if (!splits || !bins || !leaves) {
    throw new DomainError('INTERNAL', `bench ${kernel}: the trees differ from the reference's`);
  }
}
