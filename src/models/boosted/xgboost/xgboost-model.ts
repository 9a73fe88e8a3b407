// An XGBoost ensemble of scalar trees in flat arrays, and what it says of a row: float32, as XGBoost counts.
//
// Symbols: T trees, M nodes of all trees, O outputs, F features.
import { checksumText, crc32c } from '../../../core';

/** The largest number of a float32. */
export const FLOAT32_MAX = 3.402_823_466_385_288_6e38;

export const XGBOOST_OBJECTIVES = [
  'reg:squarederror',
  'binary:logistic',
  'reg:quantileerror',
] as const;
export type XgboostObjective = (typeof XGBOOST_OBJECTIVES)[number];

export interface XgboostModel {
  readonly objective: XgboostObjective;
  readonly featureCount: number;
  /** (F), or empty where the file has none. */
  readonly featureNames: readonly string[];
  /** (O) of reg:quantileerror, else empty. */
  readonly levels: readonly number[];
  /** (O) margins before any tree: the link function has been applied. */
  readonly base: Float32Array;
  /** (T) the output that a tree adds to. */
  readonly treeOutputs: Uint16Array;
  /** (T + 1) first node of each tree, which is its root; the last is M. */
  readonly treeStarts: Uint32Array;
  /** (M) -1 = leaf. */
  readonly features: Int32Array;
  /** (M) a row goes left when its value < threshold; of a leaf, what it adds. */
  readonly thresholds: Float32Array;
  /** (M) numbers of nodes among all M; -1 of leaves. */
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** (M) 1 = a missing value goes left. */
  readonly missingLeft: Uint8Array;
  /** (M) what a split won; 0 of leaves. */
  readonly gains: Float32Array;
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * `rows`: (rowCount, F) row-major, NaN = missing. Returns (rowCount, O): forecasts, or probabilities where the
 * objective is binary:logistic, or margins where asked. Trees are added one by one in float32.
 * O(rows x trees x depth). Throws RangeError (a programming error) where rows are not whole.
 */
export function predictXgboost(
  model: XgboostModel,
  rows: Float32Array,
  output: 'prediction' | 'margin' = 'prediction',
): Float32Array {
  const { featureCount, base, treeOutputs, objective } = model;
  const outputCount = base.length;
  const rowCount = featureCount === 0 ? 0 : rows.length / featureCount;
  if (!Number.isInteger(rowCount)) {
    throw new RangeError(`${rows.length} values are no rows of ${featureCount}`);
  }
  const scores = new Float32Array(rowCount * outputCount);
  for (let row = 0; row < rowCount; row += 1) {
    scores.set(base, row * outputCount);
    for (let tree = 0; tree < treeOutputs.length; tree += 1) {
      const leaf = leafOf(model, tree, rows, row * featureCount);
      scores[row * outputCount + treeOutputs[tree]] += model.thresholds[leaf];
    }
  }
  if (objective !== 'binary:logistic' || output === 'margin') return scores;
  return scores.map((margin) => 1 / (1 + Math.exp(-margin)));
}

function leafOf(model: XgboostModel, tree: number, rows: Float32Array, from: number): number {
  const { features, thresholds, left, right, missingLeft } = model;
  let node = model.treeStarts[tree];
  while (features[node] >= 0) {
    const value = rows[from + features[node]];
    const goesLeft = Number.isNaN(value) ? missingLeft[node] === 1 : value < thresholds[node];
    node = goesLeft ? left[node] : right[node];
  }
  return node;
}

/** Share of all gain that each feature won, largest first; features by name, or 'f7' where they have none. */
export function xgboostImportance(model: XgboostModel): readonly (readonly [string, number])[] {
  const gains = new Map<number, number>();
  let total = 0;
  model.features.forEach((feature, node) => {
    if (feature < 0) return;
    gains.set(feature, (gains.get(feature) ?? 0) + model.gains[node]);
    total += model.gains[node];
  });
  return [...gains]
    .filter(([, gain]) => gain > 0)
    .map(([feature, gain]) => [model.featureNames[feature] ?? `f${feature}`, gain / total] as const)
    .toSorted((a, b) => b[1] - a[1]);
}

/** The attribute of our own files that holds `contentChecksum`; XGBoost keeps it when it saves again. */
export const CHECKSUM_ATTRIBUTE = 'slackwater_crc32c';

/** CRC-32C in hexadecimal of all that a forecast or an importance depends on, however it is spelled. */
export function contentChecksum(model: XgboostModel): string {
  const { objective, featureCount, featureNames, levels, attributes } = model;
  const others = Object.entries(attributes).filter(([key]) => key !== CHECKSUM_ATTRIBUTE);
  const sorted = others.toSorted(([a], [b]) => (a < b ? -1 : 1));
  const words = { objective, featureCount, featureNames, levels, attributes: sorted };
  let checksum = crc32c(Buffer.from(JSON.stringify(words)));
  const { base, treeOutputs, treeStarts, features, thresholds, missingLeft, gains } = model;
  const splits = [features, thresholds, model.left, model.right, missingLeft, gains];
  for (const one of [base, treeOutputs, treeStarts, ...splits]) {
    checksum = crc32c(new Uint8Array(one.buffer, one.byteOffset, one.byteLength), checksum);
  }
  return checksumText(checksum);
}
