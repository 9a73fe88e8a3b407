// From numbers to bytes: the number of cuts below each.
import type { ByteMatrix } from '../../boosted-kernels';
import type { BinCuts } from '../../features-kernels';

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

/** Number of cuts below `value`, by halving; 0 where it is NaN. */
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
