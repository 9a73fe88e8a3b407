// Rules of thumb on many rows: what is asked of every backend.

export const RULES = ['naive', 'seasonal-naive', 'seasonal-naive-week', 'level-decay'] as const;
export type RuleName = (typeof RULES)[number];

/** Rows of one batch; NaN = missing. Only columns before `end` are read. */
export interface RuleRows {
  /** (rowCount, stride) row-major. */
  readonly values: Float64Array;
  readonly rowCount: number;
  readonly stride: number;
  readonly end: number;
  /** Steps per day, at least 1. */
  readonly seasonLength: number;
}

export interface RuleRequest {
  readonly rule: RuleName;
  readonly horizon: number;
  /** Ascending levels in (0, 1). */
  readonly levels: readonly number[];
  /** Forecasts are kept inside; infinite = not bounded. */
  readonly lower: number;
  readonly upper: number;
}

/** No value before `end`: zeros. / No residual to take quantiles from: they equal the point. */
export const RULE_JUDGED = 0;
export const RULE_UNJUDGED = 1;
export const RULE_SILENT = 2;

export interface RuleForecasts {
  /** (rowCount, horizon): the rule itself, inside the bounds. */
  readonly point: Float64Array;
  /** (rowCount, horizon): the rule plus its mean residual at that lead. */
  readonly mean: Float64Array;
  /** (rowCount, levels, horizon): the rule plus its residuals' quantiles. */
  readonly quantiles: Float64Array;
  /** (rowCount): RULE_JUDGED, RULE_UNJUDGED, or RULE_SILENT. */
  readonly status: Uint8Array;
}

/** A row never depends on other rows, bit for bit; every backend gives the same bits. */
export abstract class RulesKernels {
  /** O(rows x (end + blocks x 64 log 64 + levels x horizon)). */
  abstract forecast(rows: RuleRows, request: RuleRequest): Promise<RuleForecasts>;
}

/** Leads [from, to], 1-based, that share one set of residuals, judged at `lead`. */
export interface LeadBlock {
  readonly from: number;
  readonly to: number;
  readonly lead: number;
}

const DAYS = 14; // lab: each VM's own errors of the last 14 days
export const RESIDUALS_MAX = 64; // standard error of a 5 % quantile .027: more changes little
const HOUR_EDGES = [1, 2, 3, 6, 12, 24, 48, 96, 168]; // errors grow fast at first, then slowly
const DECAY_PER_HOUR = 0.9; // lab: m3 + .9^hours (last - m3)
const HOURS_PER_DAY = 24;

/** Blocks of leads up to the horizon. */
export function leadBlocks(horizon: number, seasonLength: number): readonly LeadBlock[] {
  const perHour = Math.max(1, Math.round(seasonLength / HOURS_PER_DAY));
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

/** What is left of the last level after `lead` steps. */
export function decayAt(lead: number, seasonLength: number): number {
  return DECAY_PER_HOUR ** ((lead * HOURS_PER_DAY) / seasonLength);
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkRuleRows(rows: RuleRows): void {
  const { values, rowCount, stride, end, seasonLength } = rows;
  const fits = end >= 0 && end <= stride && values.length >= rowCount * stride && seasonLength >= 1;
  if (!fits) throw new RangeError(`${values.length} values are not ${rowCount} rows of ${stride}`);
}
