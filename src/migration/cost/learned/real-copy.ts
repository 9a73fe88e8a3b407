// What a real migration does beyond the textbook: its constants are fitted, its form is physics.
//
// Symbols: M memory in use, R bytes/s while copying, d(T) = min(D T^g, W) bytes dirtied in T s.
import { COST_DEFAULTS, GIB_BYTES } from '../cost-settings';
import type { RunInput, RunMode } from './run-table';

/** Fitted constants of one group of runs; every one > 0, searched on a log scale. */
export interface CopyConstants {
  readonly setupMs: number;
  /** Zero pages are looked at, not sent: ms per GiB that is not in use. */
  readonly scanMsPerGib: number;
  /** Achieved share of the cap. */
  readonly rateShare: number;
  /** What the machine can copy, and what is assumed without a cap, bytes per second. */
  readonly machineRate: number;
  /** Bytes on the wire per byte of memory: page headers, or compression. */
  readonly wireShare: number;
  /** Dirtied bytes against the measured rate, and the exponent of the window. */
  readonly dirtyShare: number;
  readonly dirtyExponent: number;
  /** Largest writable working set, share of the memory in use. */
  readonly workingSetShare: number;
  /** QEMU looks at its stop rule inside a round, too. */
  readonly slackMs: number;
  readonly fixedDowntimeMs: number;
  /** Where between 0 and the threshold the pause sits, and how soon it gets there. */
  readonly pauseShare: number;
  readonly pauseSteepness: number;
  /** The last round's rate against the copying rate, where no link speed is known. */
  readonly linkShare: number;
  /** Bytes before the last ones in the queue of a wire that is slower than the cap; it drains in the pause. */
  readonly queueBytes: number;
  /** How much of the forced stop's pause is seen: executors without a round limit stop at the threshold. */
  readonly forcedShare: number;
  /** Share of a throttle that a guest really feels. */
  readonly throttleShare: number;
  readonly maxRounds: number;
}

export const CONSTANT_DEFAULTS: CopyConstants = {
  setupMs: 30,
  scanMsPerGib: 300,
  rateShare: 0.97,
  machineRate: 1_000_000_000,
  wireShare: 1.005,
  dirtyShare: 1,
  dirtyExponent: 0.9,
  workingSetShare: 0.7,
  slackMs: 50,
  fixedDowntimeMs: 5,
  pauseShare: 0.6,
  pauseSteepness: 1,
  linkShare: 1.2,
  queueBytes: 4_000_000,
  forcedShare: 1,
  throttleShare: 0.5,
  maxRounds: 30,
};

/** Outcome of one migration; ms and bytes. */
export interface RealCopy {
  readonly totalTimeMs: number;
  readonly downtimeMs: number;
  readonly bytesSent: number;
  readonly rounds: number;
  readonly converges: boolean;
}

/** Memory in use; 0.6 of the size where nobody said how much. */
export function usedBytesOf(input: RunInput): number {
  const size = input.memoryBytes ?? COST_DEFAULTS.memoryBytesDefault;
  return input.usedBytes ?? size * COST_DEFAULTS.usedMemoryShare;
}

/** Bytes per second while copying; k in parallel get a k-th each. */
export function copyRateOf(input: RunInput, constants: CopyConstants): number {
  const cap = Math.min(input.bandwidth ?? Infinity, input.link ?? Infinity);
  const rate = Math.min(cap * constants.rateShare, constants.machineRate);
  return rate / Math.max(1, input.parallel ?? 1);
}

const MODES_AT_FULL_SPEED: ReadonlySet<RunMode> = new Set(['stopcopy']);

/** Predicts one migration from its inputs and a dirty rate (bytes/s over 1 s). O(rounds). */
export function copyForReal(input: RunInput, dirtyRate: number, c: CopyConstants): RealCopy {
  const used = usedBytesOf(input);
  const size = Math.max(used, input.memoryBytes ?? used);
  const rate = copyRateOf(input, c);
  const beside = c.setupMs + (c.scanMsPerGib * (size - used)) / GIB_BYTES;
  const copyMs = ((used * c.wireShare) / rate) * 1000;
  if (MODES_AT_FULL_SPEED.has(input.mode)) {
    const totalTimeMs = beside + copyMs + c.fixedDowntimeMs;
    const bytesSent = used * c.wireShare;
    return { totalTimeMs, downtimeMs: totalTimeMs, bytesSent, rounds: 1, converges: true };
  }
  if (input.mode === 'postcopy' || input.mode === 'hybrid') {
    const again =
      input.mode === 'postcopy' ? 0 : dirtiedIn(copyMs, dirtyRate, used, c) * c.wireShare;
    const totalTimeMs = beside + copyMs + (again / rate) * 1000 + c.fixedDowntimeMs;
    const bytesSent = used * c.wireShare + again;
    const rounds = input.mode === 'postcopy' ? 1 : 2;
    return { totalTimeMs, downtimeMs: c.fixedDowntimeMs, bytesSent, rounds, converges: true };
  }
  return copyInRounds(input, dirtyRate, c, { used, rate, beside });
}

interface CopyFrame {
  readonly used: number;
  readonly rate: number;
  readonly beside: number;
}

function dirtiedIn(windowMs: number, dirtyRate: number, used: number, c: CopyConstants): number {
  const bytes = dirtyRate * c.dirtyShare * (windowMs / 1000) ** c.dirtyExponent;
  return Math.min(bytes, c.workingSetShare * used);
}

function copyInRounds(
  input: RunInput,
  dirtyRate: number,
  c: CopyConstants,
  { used, rate, beside }: CopyFrame,
): RealCopy {
  const limitMs = input.limitMs ?? COST_DEFAULTS.downtimeLimitMs;
  const roundRate = rate / c.wireShare;
  const stopBytes = (roundRate * (limitMs + c.slackMs)) / 1000;
  const roundsMax = Math.max(2, Math.round(c.maxRounds));
  const link = Math.max(input.link ?? rate * c.linkShare, rate) / c.wireShare;
  let bytes = used;
  let sent = 0;
  let copyMs = 0;
  let rounds = 1;
  while (bytes > stopBytes && rounds < roundsMax) {
    const roundMs = (bytes / roundRate) * 1000;
    copyMs += roundMs;
    sent += bytes;
    const throttle = input.mode === 'autoconverge' ? throttleAt(rounds) * c.throttleShare : 0;
    bytes = dirtiedIn(roundMs * (1 - throttle), dirtyRate, used, c);
    rounds += 1;
  }
  const converges = bytes <= stopBytes;
  const lastMs = (bytes / link) * 1000;
  const firstDirtied = dirtiedIn((used / roundRate) * 1000, dirtyRate, used, c);
  const capMs = ((roundRate * limitMs) / 1000 / link) * 1000;
  const reach = -Math.expm1((-c.pauseSteepness * firstDirtied) / Math.max(1, stopBytes));
  const thresholdMs = capMs * c.pauseShare * reach;
  const stopMs = converges ? thresholdMs : Math.max(thresholdMs, lastMs * c.forcedShare);
  const downtimeMs = c.fixedDowntimeMs + queueMs(input, c) + stopMs;
  return {
    totalTimeMs: beside + copyMs + lastMs + c.fixedDowntimeMs,
    downtimeMs,
    bytesSent: (sent + bytes) * c.wireShare,
    rounds,
    converges,
  };
}

/** What a wire that is slower than the cap still holds when the source stops. */
function queueMs(
  { link, bandwidth = Number.POSITIVE_INFINITY }: RunInput,
  c: CopyConstants,
): number {
  return link === undefined || link > bandwidth * c.rateShare ? 0 : (c.queueBytes / link) * 1000;
}

/** QEMU's auto-converge: two rounds free, then 20 %, 10 % more a round, at most 99 %. */
function throttleAt(round: number): number {
  return round <= 2 ? 0 : Math.min(0.99, 0.2 + 0.1 * (round - 3));
}
