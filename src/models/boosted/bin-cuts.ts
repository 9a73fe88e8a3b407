// From numbers to bytes: cut points by quantiles of the training rows, one set for each feature.
import type { ByteMatrix } from '../../kernels';

/** (features) ascending, distinct; a value's bin is the number of cuts below it, so "bin > b" is "value > cut[b]". */
export type BinCuts = readonly Float32Array[];

export const CUTS_MAX = 62; // 63 bins: histograms of 32 nodes and four features stay in the L1 cache
const SAMPLED_MAX = 20_000; // quantiles of more rows move by less than a tenth of a bin

/** `rows`: (rowCount, featureCount) row-major, finite. O(features x sample x log). */
export function cutsOf(rows: Float32Array, featureCount: number): BinCuts {
  const rowCount = rows.length / featureCount;
  const stride = Math.max(1, Math.floor(rowCount / SAMPLED_MAX));
  const sampled = Math.ceil(rowCount / stride);
  return Array.from({ length: featureCount }, (_, feature) => {
    const values = Float32Array.from(
      { length: sampled },
      (__, at) => rows[at * stride * featureCount + feature],
    ).toSorted();
    if (sampled === 0) return new Float32Array(0);
    const cuts: number[] = [];
    for (let cut = 1; cut <= CUTS_MAX; cut += 1) {
      const value = values[Math.floor((cut / (CUTS_MAX + 1)) * (sampled - 1))];
      if (cuts.at(-1) !== value) cuts.push(value);
    }
    return Float32Array.from(cuts);
  });
}

/** `rows`: (rowCount, features) row-major, as `cutsOf` reads them. O(rows x features x log cuts). */
export function binRows(cuts: BinCuts, rows: Float32Array, rowCount: number): ByteMatrix {
  const matrix = emptyMatrix(cuts.length, rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    binRow(cuts, rows, row * cuts.length, matrix.bins, rowCount, row);
  }
  return matrix;
}

/** All bins 0, to be filled in. */
export function emptyMatrix(featureCount: number, rowCount: number): ByteMatrix {
  return { bins: new Uint8Array(featureCount * rowCount), featureCount, rowCount };
}

/** Writes the bins of one row to column `column` of a feature-major matrix of `rowCount` columns. */
export function binRow(
  cuts: BinCuts,
  row: Float32Array,
  from: number,
  bins: Uint8Array,
  rowCount: number,
  column: number,
): void {
  for (let feature = 0; feature < cuts.length; feature += 1) {
    bins[feature * rowCount + column] = binOf(cuts[feature], row[from + feature]);
  }
}

/** Number of cuts below `value`, by halving. */
export function binOf(cuts: Float32Array, value: number): number {
  let low = 0;
  let high = cuts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (cuts[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
