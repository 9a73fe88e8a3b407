// Ranked windows of many rows: load, cost, and score of each start, without any words.
import type { CostRows, PreCopyCases, PreCopyOutcomes } from './copy-rows';

/** What a copy of memory is predicted from; migration/cost tells where each figure comes from. */
export interface CopySettings {
  /** While memory is copied, for one migration at a time. */
  readonly bandwidthBytesPerSec: number;
  /** The last round goes at link speed. */
  readonly linkBytesPerSec: number;
  readonly downtimeLimitMs: number;
  readonly fixedDowntimeMs: number;
  readonly setupMs: number;
  readonly maxRounds: number;
  /** Share of the size that is in use where nobody said how much. */
  readonly usedMemoryShare: number;
  /** Standard deviation of ln(memory in use) where nobody said how much. */
  readonly usedMemoryLogSigma: number;
  /** Assumed for a VM without a size. */
  readonly memoryBytesDefault: number;
  /** Assumed for a VM without a number of vCPUs, or with 0. */
  readonly vcpusDefault: number;
  readonly scanMsPerGib: number;
  /** ln(dirty bytes/s) ~ Normal(ln(idle + perBusyVcpu x busy vCPUs), logSigma). */
  readonly prior: {
    readonly idleBytesPerSec: number;
    readonly bytesPerSecPerBusyVcpu: number;
    readonly logSigma: number;
    readonly bytesPerSecPerVcpuMax: number;
    readonly workingSetShare: number;
  };
}

/** Ways to copy, in this order everywhere. */
export const COPY_MODES = ['pre-copy', 'auto-converge', 'post-copy'] as const;
export type CopyMode = (typeof COPY_MODES)[number];

export function isCopyMode(mode: string): mode is CopyMode {
  return (COPY_MODES as readonly string[]).includes(mode);
}

/** Follows COPY_MODES: no window of the day is long enough. */
export const NO_MODE = COPY_MODES.length;

/**
 * Places in a row of corrections, for each of COPY_MODES one after the other: of time, pause, and
 * bytes a factor of P50, then P95 / P50 (NaN: the factor is P95's, too); of success what is added.
 */
export const CORRECTION = { time: 0, pause: 2, bytes: 4, success: 6 } as const;
export const MODE_CORRECTION_WIDTH = 7;
export const CORRECTION_WIDTH = COPY_MODES.length * MODE_CORRECTION_WIDTH;

export interface RankSettings {
  /** No window starts before it. */
  readonly firstStep: number;
  readonly windowsMax: number;
  readonly lengthMsMin: number;
  readonly slackMs: number;
}

/** Forecasts of a day and what is known of each row. */
export interface RankRows {
  readonly rowCount: number;
  /** Steps of the forecast; each is `finer` steps of the windows. */
  readonly horizon: number;
  readonly finer: number;
  /** Milliseconds of one step of the windows. */
  readonly stepMs: number;
  readonly startMs: number;
  readonly levels: readonly number[];
  /** (rowCount, horizon) percent. */
  readonly mean: Float64Array;
  /** (rowCount, levels, horizon) percent, not falling along levels. */
  readonly quantiles: Float64Array;
  /** (rowCount); NaN = unknown. */
  readonly vcpus: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly usedMemoryBytes: Float64Array;
  /** (rowCount): 1 = nothing is computed, count -1. */
  readonly skip: Uint8Array;
  /** (rowCount, horizon x finer): 1 = no window may hold the step. Absent: all may. */
  readonly barred?: Uint8Array;
  /** (rowCount, CORRECTION_WIDTH): what was learned of the rows' costs. Absent: plain physics. */
  readonly corrections?: Float64Array;
}

/** Places in a row of figures: first the whole day's, then WINDOW_WIDTH for each window. */
export const FIGURE = {
  loadMeanPct: 0,
  loadP05Pct: 1,
  loadP50Pct: 2,
  loadP95Pct: 3,
  totalTimeMsP50: 4,
  totalTimeMsP95: 5,
  downtimeMsP50: 6,
  downtimeMsP95: 7,
  bytesSentP50: 8,
  bytesSentP95: 9,
  successProb: 10,
} as const;
/** Of the day only. */
export const DAY_LENGTH_MS = 11;
export const DAY_PLAIN_SUCCESS = 12;
export const DAY_WIDTH = 13;
/** Of a window only, from its own start. */
export const WINDOW = {
  notBeforeMs: 11,
  latestStartMs: 12,
  notAfterMs: 13,
  score: 14,
  confidence: 15,
} as const;
export const WINDOW_WIDTH = 16;

export function rankWidth(windowsMax: number): number {
  return DAY_WIDTH + windowsMax * WINDOW_WIDTH;
}

export interface RankedRows {
  /** (rowCount, rankWidth): loads in percent to .01, times and bytes whole; NaN where skipped. */
  readonly figures: Float64Array;
  /** (rowCount): windows found; -1 where skipped. */
  readonly counts: Int32Array;
  /** (rowCount): index into COPY_MODES, or NO_MODE. */
  readonly modes: Int32Array;
}

/** Every backend gives the same bits; a row never depends on other rows. */
export abstract class WindowsKernels {
  /**
   * Non-overlapping windows of each row's day: lowest smoothed harm first, then the earliest.
   * O(rows x (windowsMax x steps + 64 points x rounds)).
   */
  abstract rank(rows: RankRows, copy: CopySettings, settings: RankSettings): Promise<RankedRows>;

  /**
   * (rowCount, startCount, COST_WIDTH): what copying each row costs at each of its starts; NaN where
   * its load is unknown or its mode is NO_MODE. O(rows x (starts + loads x 64 points x rounds)).
   */
  abstract cost(rows: CostRows, copy: CopySettings): Promise<Float64Array>;

  /** The plain recursion of many migrations. NaN in, NaN out. O(cases x rounds). */
  abstract preCopy(cases: PreCopyCases): Promise<PreCopyOutcomes>;
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkRankRows(rows: RankRows): void {
  const { rowCount, horizon, levels, mean, quantiles, skip, vcpus, barred, corrections } = rows;
  const steps = rowCount * horizon * rows.finer;
  const fits =
    mean.length === rowCount * horizon &&
    quantiles.length === rowCount * horizon * levels.length &&
    skip.length === rowCount &&
    vcpus.length === rowCount &&
    rows.memoryBytes.length === rowCount &&
    rows.usedMemoryBytes.length === rowCount &&
    (barred === undefined || barred.length === steps) &&
    (corrections === undefined || corrections.length === rowCount * CORRECTION_WIDTH);
  if (!fits) throw new RangeError(`the columns do not fit ${rowCount} rows of ${horizon} steps`);
}
