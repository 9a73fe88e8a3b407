// Cut points by quantiles of the training rows, one set for each feature.
import { CUTS_MAX, type BinCuts } from '../../kernels';

const SAMPLED_MAX = 20_000; // quantiles of more rows move by less than a tenth of a bin

/** `rows`: (rowCount, featureCount) row-major, finite. O(features x sample x log). */
export function cutsOf(rows: Float32Array, featureCount: number): BinCuts {
  const rowCount = rows.length / featureCount;
  const stride = Math.max(1, Math.floor(rowCount / SAMPLED_MAX));
  const values = new Float32Array(Math.ceil(rowCount / stride));
  return Array.from({ length: featureCount }, (_, feature) => {
    for (let at = 0; at < values.length; at += 1) {
      values[at] = rows[at * stride * featureCount + feature];
    }
    return cutsOfSorted(values.toSorted());
  });
}

/** Distinct values at evenly spaced ranks. */
function cutsOfSorted(values: Float32Array): Float32Array {
  if (values.length === 0) return new Float32Array(0);
  const cuts: number[] = [];
  for (let cut = 1; cut <= CUTS_MAX; cut += 1) {
    const value = values[Math.floor((cut / (CUTS_MAX + 1)) * (values.length - 1))];
    if (cuts.at(-1) !== value) cuts.push(value);
  }
  return Float32Array.from(cuts);
}
