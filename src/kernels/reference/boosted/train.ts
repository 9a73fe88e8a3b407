// Gradient boosting in plain float64 and float32 scores: what the native trainer must repeat.
//
// Symbols: N rows, O outputs, T trees, L = 2^depth leaves, F (O, N) scores.
import { emptyTrees } from '../../boosted-kernels';
import type { BoostedTraining, BoostedTrees } from '../../boosted-kernels';
import { drawFeatures, drawRows, roundGradients } from './draw';
import { growTree } from './grow-tree';
import type { Split } from './grow-tree';
import { bucketOf, bucketQuantile, RESIDUAL_BUCKETS } from './residual-buckets';

const GRADIENT_STEPS = 127;
const GRADIENT_STEPS_MIN = 7; // where 32 bits of a sum force fewer steps
const WEIGHT_STEPS = 16; // of the mean weight
const WEIGHT_STEPS_MAX = 4_095;
const SHARE_MIN = 1e-6; // log-odds stay finite
const CURVATURE_MIN = 1e-6;

/**
 * Friedman (2001) with quantised gradients (Shi et al. 2022). Leaves: the mean residual (squared), a
 * Newton step (logistic), or the level's quantile of the leaf's residuals (pinball), all pulled
 * toward 0 by l2 rows. Float32 scores, as the native trainer keeps them.
 */
export function referenceTrain(request: BoostedTraining): BoostedTrees {
  const { matrix, target, treeCount, depth, learningRate } = request;
  const trees = emptyTrees(request);
  const leafCount = 2 ** depth;
  const rowCount = matrix.rowCount;
  const weights = integerWeights(request);
  trees.base.set(startValues(request, weights));
  const unit = meanDistance(target, trees.base[trees.outputCount >> 1]);
  const cells = rowCount * (request.weight === undefined ? 1 : WEIGHT_STEPS);
  const fitting = Math.floor(2_147_483_647 / Math.max(cells, 1));
  const steps = Math.max(Math.min(GRADIENT_STEPS, fitting), GRADIENT_STEPS_MIN);
  const l2 = request.l2 * (request.weight === undefined ? 1 : WEIGHT_STEPS);
  const score = Float32Array.from({ length: trees.outputCount * rowCount }, (_, at) =>
    rowCount === 0 ? 0 : trees.base[Math.floor(at / rowCount)],
  );
  for (let tree = 0; tree < treeCount; tree += 1) {
    const rows = drawRows(request, tree);
    const features = drawFeatures(request, tree);
    const raw = Float32Array.from(
      rows,
      (row) => gradientOf(request, score, tree, row) * weights[row],
    );
    const gradients = roundGradients(raw, rows, steps, request.seed, tree);
    const drawn = { rows, gradients, weights: Int32Array.from(rows, (row) => weights[row]) };
    const splits = growTree(matrix, request.binCount, features, drawn, depth, l2);
    keepSplits(trees, tree, splits);
    const leaf = leavesOf(request, splits);
    for (let output = 0; output < trees.outputCount; output += 1) {
      const values =
        request.loss === 'pinball'
          ? quantileLeaves(request, score, leaf, rows, weights, output, unit, l2)
          : meanLeaves(request, score, leaf, rows, weights, l2);
      const from = (tree * trees.outputCount + output) * leafCount;
      trees.leaves.set(
        values.map((value) => value * learningRate),
        from,
      );
      for (let row = 0; row < rowCount; row += 1) {
        score[output * rowCount + row] += trees.leaves[from + leaf[row]];
      }
    }
  }
  return trees;
}

/** The gradient that shapes the tree; pinball's outputs take turns. */
function gradientOf(
  { loss, target, levels, matrix }: BoostedTraining,
  score: Float32Array,
  tree: number,
  row: number,
): number {
  if (loss === 'squared') return target[row] - score[row];
  if (loss === 'logistic') return target[row] - 1 / (1 + Math.exp(-score[row]));
  const output = tree % (levels?.length ?? 1);
  const below = target[row] < score[output * matrix.rowCount + row];
  return (levels?.[output] ?? 0) - (below ? 1 : 0);
}

function keepSplits(trees: BoostedTrees, tree: number, splits: readonly Split[]): void {
  splits.forEach(({ feature, bin, gain }, level) => {
    trees.splitFeatures[tree * trees.depth + level] = feature;
    trees.splitBins[tree * trees.depth + level] = bin;
    trees.splitGains[tree * trees.depth + level] = gain;
  });
}

function leavesOf({ matrix }: BoostedTraining, splits: readonly Split[]): Uint8Array {
  return Uint8Array.from({ length: matrix.rowCount }, (_, row) =>
    splits.reduce((leaf, { feature, bin }, level) => {
      const right = matrix.bins[feature * matrix.rowCount + row] > bin;
      return right ? leaf + 2 ** level : leaf;
    }, 0),
  );
}

function quantileLeaves(
  { target, levels, matrix, depth }: BoostedTraining,
  score: Float32Array,
  leaf: Uint8Array,
  rows: readonly number[],
  weights: Int32Array,
  output: number,
  unit: number,
  l2: number,
): number[] {
  const inverse = Math.fround(1 / unit);
  const counts = Array.from({ length: 2 ** depth }, () => new Float64Array(RESIDUAL_BUCKETS));
  for (const row of rows) {
    const residual = Math.fround(target[row] - score[output * matrix.rowCount + row]);
    counts[leaf[row]][bucketOf(Math.fround(residual * inverse))] += weights[row];
  }
  return counts.map((own) => {
    const total = own.reduce((a, b) => a + b, 0);
    if (total === 0) return 0;
    const step = (bucketQuantile(own, total, levels?.[output] ?? 0) * total) / (total + l2);
    return step * unit;
  });
}

function meanLeaves(
  request: BoostedTraining,
  score: Float32Array,
  leaf: Uint8Array,
  rows: readonly number[],
  weights: Int32Array,
  l2: number,
): number[] {
  const sums = new Float64Array(2 ** request.depth);
  const curvatures = new Float64Array(2 ** request.depth);
  for (const row of rows) {
    const gradient = gradientOf(request, score, 0, row);
    const p = request.target[row] - gradient;
    const curvature = request.loss === 'logistic' ? Math.max(p * (1 - p), CURVATURE_MIN) : 1;
    sums[leaf[row]] += gradient * weights[row];
    curvatures[leaf[row]] += curvature * weights[row];
  }
  return Array.from(sums, (sum, at) => {
    const below = curvatures[at] + l2;
    return below > 0 ? sum / below : 0;
  });
}

/** Quantiles, the mean, or the log-odds of the target: what no tree has to learn. */
function startValues(request: BoostedTraining, weights: Int32Array): number[] {
  const { target, levels, loss } = request;
  if (target.length === 0) return (levels ?? [0]).map(() => 0);
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = target.reduce((sum, y, row) => sum + y * weights[row], 0) / total;
  if (loss === 'squared') return [mean];
  if (loss === 'logistic') {
    const share = Math.min(Math.max(mean, SHARE_MIN), 1 - SHARE_MIN);
    return [Math.log(share / (1 - share))];
  }
  const order = [...target.keys()].toSorted((a, b) => target[a] - target[b] || a - b);
  return (levels ?? []).map((level) => {
    let seen = 0;
    let at = 0;
    while (at + 1 < order.length && seen + weights[order[at]] < level * total) {
      seen += weights[order[at]];
      at += 1;
    }
    return target[order[at]];
  });
}

function meanDistance(target: Float32Array, centre: number): number {
  let sum = 0;
  for (const y of target) sum += Math.abs(Math.fround(y - centre));
  return sum > 0 ? sum / target.length : 1;
}

function integerWeights({ weight, matrix }: BoostedTraining): Int32Array {
  if (weight === undefined) return new Int32Array(matrix.rowCount).fill(1);
  const mean = weight.reduce((a, b) => a + b, 0) / Math.max(matrix.rowCount, 1);
  return Int32Array.from(weight, (one) =>
    Math.min(Math.max(Math.round((one / mean) * WEIGHT_STEPS), 1), WEIGHT_STEPS_MAX),
  );
}
