// How wrong a rule was at the same lead over the last days: its quantiles and its bias.
import type { Row, Rule } from './rules';

/** Leads that share one set of residuals, judged at `lead`. */
export interface LeadBlock {
  readonly from: number;
  readonly to: number;
  readonly lead: number;
}

const DAYS = 14; // lab: each VM's own errors of the last 14 days
const RESIDUALS_MAX = 64; // standard error of a 5 % quantile .027: more changes little, costs much
const HOUR_EDGES = [1, 2, 3, 6, 12, 24, 48, 96, 168]; // errors grow fast at first, then slowly

/** Blocks of leads [from, to], 1-based, up to the horizon. */
export function leadBlocks(horizon: number, seasonLength: number): readonly LeadBlock[] {
  const perHour = Math.max(1, Math.round(seasonLength / 24));
  const blocks: LeadBlock[] = [];
  let from = 1;
  for (const hours of [...HOUR_EDGES, Number.POSITIVE_INFINITY]) {
    if (from > horizon) break;
    const to = Math.min(horizon, hours * perHour);
    blocks.push({ from, to, lead: Math.round((from + to) / 2) });
    from = to + 1;
  }
  return blocks;
}

/** A few target instants of the last 14 days, evenly spread over all times of the day. */
export function residualTargets(end: number, seasonLength: number): Int32Array {
  const span = Math.min(end, DAYS * seasonLength);
  const count = Math.min(RESIDUALS_MAX, span);
  // An odd stride through the day would favour some hours; the golden ratio does not.
  return Int32Array.from({ length: count }, (_, index) => {
    const share = (index + 0.5) / count;
    return end - 1 - Math.floor(share * span);
  });
}

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
