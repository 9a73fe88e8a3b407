// Boosters and rows for the tests of XGBoost's JSON: trained here, small, with thresholds where it hurts.
import { uniform } from '../../../src/core';
import {
  openKernels,
  type BinCuts,
  type BoostedLoss,
  type BoostedTraining,
  type BoostedTrees,
} from '../../../src/kernels';
import { binRow } from '../../../src/kernels/reference/features/bins';
import { cutsOf, xgboostModelOf, xgboostText, type XgboostModel } from '../../../src/models';

export const FEATURES = ['lag 1', 'mean, "7 days"', 'zeros', 'tiny'] as const;
export const kernels = openKernels('auto');
const ROWS = 600;

export interface ExportLab {
  readonly model: XgboostModel;
  readonly text: string;
  /** (rows, features), the last six of them at the edges: cuts, zeros, denormals, extremes, missing. */
  readonly rows: Float32Array;
  /** (rows, outputs) of our own kernels. */
  readonly scores: Float32Array;
}

const LEVELS = [0.1, 0.5, 0.9];

/** One of our boosters as an XGBoost model. Pinball has two structures: the median alone, and the others. */
export async function exportOf(loss: BoostedLoss): Promise<ExportLab> {
  const learned = learnedRows();
  const cuts = cutsOf(learned, FEATURES.length);
  const groupLevels = loss === 'pinball' ? [[0.5], [0.1, 0.9]] : [[]];
  const groups: { levels: readonly number[]; trees: BoostedTrees }[] = [];
  for (const [at, levels] of groupLevels.entries()) {
    const training = { ...trainingOf(loss, learned, cuts), treeCount: 12 - 5 * at };
    const trees = await kernels.boosted.train(
      loss === 'pinball' ? { ...training, levels } : training,
    );
    groups.push({ levels, trees });
  }
  const attributes = { slackwater_model: 'boosted' };
  const model = xgboostModelOf({ cuts, featureNames: FEATURES, groups, attributes });
  const rows = Float32Array.from([...learned, ...edges(cuts)]);
  const outputCount = loss === 'pinball' ? LEVELS.length : 1;
  const rowCount = rows.length / FEATURES.length;
  const scores = new Float32Array(rowCount * outputCount);
  for (const { levels, trees } of groups) {
    const own = await kernels.boosted.predict(trees, matrixOf(rows, cuts));
    own.forEach((score, index) => {
      const level = levels[Math.floor(index / rowCount)];
      const output = loss === 'pinball' ? LEVELS.indexOf(level) : 0;
      scores[(index % rowCount) * outputCount + output] = score;
    });
  }
  return { model, text: [...xgboostText(model)].join(''), rows, scores };
}

function learnedRows(): Float32Array {
  return Float32Array.from({ length: ROWS * FEATURES.length }, (_, at) => {
    const row = Math.floor(at / FEATURES.length);
    const feature = at % FEATURES.length;
    const draw = uniform(5, row, feature) - 0.5;
    return [8 * draw, draw, draw > 0 ? draw : 0, draw * 1e-38][feature];
  });
}

function trainingOf(loss: BoostedLoss, rows: Float32Array, cuts: BinCuts): BoostedTraining {
  const target = Float32Array.from({ length: ROWS }, (_, row) => {
    const at = row * FEATURES.length;
    const value = rows[at] + 5 * rows[at + 1] * rows[at + 2] + 1e38 * rows[at + 3];
    return loss === 'logistic' ? Number(value > 0.5) : value;
  });
  return {
    matrix: matrixOf(rows, cuts),
    binCount: 63,
    target,
    loss,
    treeCount: 12,
    depth: 4,
    learningRate: 0.3,
    l2: 1,
    rowShare: 1,
    featureShare: 1,
    seed: 3,
  };
}

function matrixOf(rows: Float32Array, cuts: BinCuts): BoostedTraining['matrix'] {
  const rowCount = rows.length / FEATURES.length;
  const bins = new Uint8Array(rows.length);
  for (let row = 0; row < rowCount; row += 1) {
    binRow(cuts, rows, row * FEATURES.length, bins, rowCount, row);
  }
  return { bins, featureCount: FEATURES.length, rowCount };
}

/** Every cut itself is what a threshold that is off by one bit sends the wrong way. */
function edges(cuts: BinCuts): number[] {
  const most = Math.max(...cuts.map((one) => one.length));
  const rows = Array.from({ length: most }, (_, cut) => cuts.map((one) => one[cut] ?? 0));
  const values = [0, -0, 1.5e-45, 1e-40, 3.4e38, Number.NaN];
  return [...rows, ...values.map((value) => FEATURES.map(() => value))].flat();
}
