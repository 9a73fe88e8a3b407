// The pure pre-copy recursion: rounds, time, pause, and bytes of one live migration.
//
// Symbols: V bytes of a round, R bytes/s while copying, D dirty bytes/s, W writable working set,
// T = V / R seconds of a round. V0 = memory in use, V(i+1) = min(D T, W) or a measured curve.

/** QEMU's auto-converge: two rounds free, then 20 %, 10 % more a round, at most 99 %. */
const FREE_ROUNDS = 2;
const THROTTLE_FIRST = 0.2;
const THROTTLE_STEP = 0.1;
const THROTTLE_MAX = 0.99;

/** Without a round limit the recursion ends here at the latest: longer is no migration. */
const ROUNDS_LAST = 100_000;

export type CopyStrategy = 'precopy' | 'autoconverge';

/** What one migration is computed from; sizes in bytes, rates in bytes per second. */
export interface PreCopyCase {
  readonly usedMemoryBytes: number;
  readonly bandwidthBytesPerSec: number;
  /** The last round goes at this rate: QEMU lifts the cap. Not below the bandwidth. */
  readonly linkBytesPerSec: number;
  readonly dirtyRateBytesPerSec: number;
  readonly writableWorkingSetBytes: number;
  readonly downtimeLimitMs: number;
  readonly fixedDowntimeMs: number;
  /** Absent: no limit. */
  readonly maxRounds?: number;
  /** A round that would begin after it is the forced stop. Absent: no limit. */
  readonly timeLimitMs?: number;
  readonly strategy: CopyStrategy;
  /** [window ms, bytes dirtied in it], ascending windows; replaces the dirty rate. */
  readonly dirtyCurve?: readonly (readonly [number, number])[];
}

export interface PreCopyOutcome {
  /** Rounds sent, the last one under pause included. */
  readonly rounds: number;
  readonly totalTimeMs: number;
  readonly downtimeMs: number;
  readonly bytesSent: number;
  /** false: the last round is the forced stop under the round or time limit. */
  readonly converges: boolean;
  readonly roundBytes: readonly number[];
}

/**
 * Runs the recursion until a round fits into the downtime limit, or a limit forces the stop.
 *
 * Without any limit a round that repeats itself for good is the forced stop. O(rounds).
 * NaN in, NaN out. Source: Clark et al. (2005), with the last round at link speed.
 */
export function simulatePreCopy(input: PreCopyCase): PreCopyOutcome {
  const roundBytes: number[] = [];
  const end = runRounds(input, roundBytes);
  return { ...end, rounds: roundBytes.length, roundBytes };
}

/** The recursion itself; `roundBytes` receives each round where it is given. */
export function runRounds(
  input: PreCopyCase,
  roundBytes?: number[],
): Omit<PreCopyOutcome, 'rounds' | 'roundBytes'> & { readonly rounds: number } {
  const bytesPerMs = input.bandwidthBytesPerSec / 1000;
  const stopBytes = bytesPerMs * input.downtimeLimitMs;
  const roundsMax = Math.min(input.maxRounds ?? ROUNDS_LAST, ROUNDS_LAST);
  const timeLimitMs = input.timeLimitMs ?? Infinity;
  let copyMs = 0;
  let bytesSent = 0;
  let bytes = input.usedMemoryBytes;
  let rounds = 0;
  for (;;) {
    rounds += 1;
    bytesSent += bytes;
    roundBytes?.push(bytes);
    const roundMs = bytes / bytesPerMs;
    const throttle = throttleOf(input.strategy, rounds);
    const next = dirtied(input, roundMs * (1 - throttle));
    const stuck = next === bytes && (input.strategy === 'precopy' || throttle === THROTTLE_MAX);
    const unlimited = input.maxRounds === undefined && input.timeLimitMs === undefined;
    const converges = bytes <= stopBytes;
    const forced = rounds >= roundsMax || copyMs >= timeLimitMs || (stuck && unlimited);
    if (converges || forced) {
      const downtimeMs = (bytes / input.linkBytesPerSec) * 1000 + input.fixedDowntimeMs;
      return { rounds, totalTimeMs: copyMs + downtimeMs, downtimeMs, bytesSent, converges };
    }
    copyMs += roundMs;
    bytes = next;
  }
}

/** Share of time that the guest is held back during round `round` (1, 2, ...). */
function throttleOf(strategy: CopyStrategy, round: number): number {
  if (strategy === 'precopy' || round <= FREE_ROUNDS) return 0;
  return Math.min(THROTTLE_MAX, THROTTLE_FIRST + THROTTLE_STEP * (round - FREE_ROUNDS - 1));
}

/** Bytes dirtied in `windowMs`, never above the working set. */
function dirtied(input: PreCopyCase, windowMs: number): number {
  const curve = input.dirtyCurve;
  const bytes =
    curve === undefined || curve.length === 0
      ? (input.dirtyRateBytesPerSec * windowMs) / 1000
      : curveAt(curve, windowMs);
  return Math.min(bytes, input.writableWorkingSetBytes);
}

/** Piece-wise linear; the first slope goes back to 0, the last slope onward. O(points). */
function curveAt(curve: readonly (readonly [number, number])[], windowMs: number): number {
  const last = curve.length - 1;
  if (last === 0 || windowMs <= curve[0][0]) return (curve[0][1] / curve[0][0]) * windowMs;
  let right = 1;
  while (right < last && curve[right][0] < windowMs) right += 1;
  const [leftMs, leftBytes] = curve[right - 1];
  const [rightMs, rightBytes] = curve[right];
  const slope = (rightBytes - leftBytes) / (rightMs - leftMs);
  return Math.max(0, leftBytes + slope * (windowMs - leftMs));
}
