// How wrong a rule was at the same lead over the last days: its quantiles and its bias.
import type { LeadBlock } from '../../rules-kernels';
import type { Row, Rule } from './rules';

/** Ascending residuals y - rule at the block's lead; may be empty. */
export function residualsOf(
  row: Row,
  rule: Rule,
  block: LeadBlock,
  targets: Int32Array,
): Float64Array {
  const residuals = new Float64Array(targets.length);
  let count = 0;
  for (const target of targets) {
    const end = target - block.lead + 1;
    if (end <= 0 || Number.isNaN(row.values[target])) continue;
    const residual = row.values[target] - rule(row, end, block.lead);
    if (Number.isNaN(residual)) continue;
    residuals[count] = residual;
    count += 1;
  }
  return residuals.subarray(0, count).toSorted();
}

/** Linear between order statistics (Hyndman and Fan 1996, type 7); `sorted` is not empty. */
export function sortedQuantile(sorted: Float64Array, level: number): number {
  const at = level * (sorted.length - 1);
  const low = Math.floor(at);
  const share = at - low;
  return share === 0 ? sorted[low] : sorted[low] + share * (sorted[low + 1] - sorted[low]);
}
