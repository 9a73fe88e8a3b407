// One row of a batch as a view.
import type { RuleRows } from '../../rules-kernels';

export function seriesRow({ values, stride }: RuleRows, index: number): Float64Array {
  return values.subarray(index * stride, (index + 1) * stride);
}
