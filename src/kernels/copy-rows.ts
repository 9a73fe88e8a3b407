// What many copies of memory are computed from, column by column, and what comes out.
import { CORRECTION_WIDTH, NO_MODE } from './windows-kernels';

/** Rows whose cost is wanted at each of their starts. */
export interface CostRows {
  readonly rowCount: number;
  readonly startCount: number;
  /** (rowCount, startCount): mean load while it is copied, percent; NaN = unknown. */
  readonly cpuPct: Float64Array;
  /** (rowCount); NaN = unknown. */
  readonly vcpus: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly usedMemoryBytes: Float64Array;
  /** (rowCount): index into COPY_MODES; NO_MODE: nothing is computed. */
  readonly modes: Int32Array;
  /** (rowCount, CORRECTION_WIDTH): what was learned of the rows' costs. Absent: plain physics. */
  readonly corrections?: Float64Array;
  /** Scalar instructions, nothing remembered: what the fast path is measured against. */
  readonly isOneByOne?: boolean;
}

/** Places in the cost of one start; times in whole ms, bytes whole. */
export const COST = {
  totalTimeMsP50: 0,
  totalTimeMsP95: 1,
  downtimeMsP50: 2,
  downtimeMsP95: 3,
  bytesSentP50: 4,
  bytesSentP95: 5,
  successProb: 6,
} as const;
export const COST_WIDTH = 7;

/** PreCopyCase in columns of `count`; Infinity: no limit. */
export interface PreCopyCases {
  readonly count: number;
  readonly usedMemoryBytes: Float64Array;
  readonly bandwidthBytesPerSec: Float64Array;
  readonly linkBytesPerSec: Float64Array;
  readonly dirtyRateBytesPerSec: Float64Array;
  readonly writableWorkingSetBytes: Float64Array;
  readonly downtimeLimitMs: Float64Array;
  readonly fixedDowntimeMs: Float64Array;
  readonly maxRounds: Float64Array;
  readonly timeLimitMs: Float64Array;
  /** 1: QEMU's auto-converge. */
  readonly throttled: Uint8Array;
  /** [window ms, bytes dirtied in it], ascending windows; replaces the dirty rate of all. */
  readonly dirtyCurve?: readonly (readonly [number, number])[];
}

/** (count) each, as in PreCopyOutcome; converges: 1 or 0. */
export interface PreCopyOutcomes {
  readonly rounds: Float64Array;
  readonly totalTimeMs: Float64Array;
  readonly downtimeMs: Float64Array;
  readonly bytesSent: Float64Array;
  readonly converges: Uint8Array;
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkCostRows(rows: CostRows): void {
  const { rowCount, startCount, cpuPct, vcpus, memoryBytes, usedMemoryBytes, modes } = rows;
  const fits =
    cpuPct.length === rowCount * startCount &&
    [vcpus, memoryBytes, usedMemoryBytes, modes].every(({ length }) => length === rowCount) &&
    (rows.corrections === undefined || rows.corrections.length === rowCount * CORRECTION_WIDTH) &&
    modes.every((mode) => mode >= 0 && mode <= NO_MODE);
  if (!fits)
    throw new RangeError(`the columns do not fit ${rowCount} rows of ${startCount} starts`);
}

/** Throws RangeError (a programming error) when sizes do not fit or a round limit is no number. */
export function checkPreCopyCases(cases: PreCopyCases): void {
  const { count, dirtyCurve: _, ...columns } = cases;
  const fits =
    Object.values(columns).every(({ length }) => length === count) &&
    !cases.maxRounds.some((rounds) => Number.isNaN(rounds));
  if (!fits) throw new RangeError(`the columns do not fit ${count} migrations`);
}
