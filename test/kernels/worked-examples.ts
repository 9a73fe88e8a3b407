// The worked examples of migrations: what goes in, what must come out.
import type { PreCopyCase } from '../../src/kernels';

export const MB = 1e6;

export function example(changes: Partial<PreCopyCase> = {}): PreCopyCase {
  return {
    usedMemoryBytes: 1000 * MB,
    bandwidthBytesPerSec: 100 * MB,
    linkBytesPerSec: changes.bandwidthBytesPerSec ?? 100 * MB,
    dirtyRateBytesPerSec: 20 * MB,
    writableWorkingSetBytes: changes.usedMemoryBytes ?? 1000 * MB,
    downtimeLimitMs: 300,
    fixedDowntimeMs: 20,
    maxRounds: 30,
    strategy: 'precopy',
    ...changes,
  };
}

/** Rounds, total ms, downtime ms, MB sent; MB of each round; converges. */
export interface WorkedExample {
  readonly name: string;
  readonly input: PreCopyCase;
  readonly figures: readonly [number, number, number, number];
  readonly roundMb: readonly number[];
  readonly converges: boolean;
}

type Row = readonly [
  string,
  Partial<PreCopyCase>,
  readonly [number, number, number, number],
  readonly number[],
  boolean,
];

const D120 = { dirtyRateBytesPerSec: 120 * MB };
const SLOW = { bandwidthBytesPerSec: 50 * MB };
const ROWS: readonly Row[] = [
  ['E1', {}, [4, 12_500, 100, 1248], [1000, 200, 40, 8], true],
  ['E2', { dirtyRateBytesPerSec: 0 }, [2, 10_020, 20, 1000], [1000, 0], true],
  ['E3', { usedMemoryBytes: 25 * MB }, [1, 270, 270, 25], [25], true],
  ['E4', D120, [30, 300_020, 10_020, 30_000], Array(30).fill(1000), false],
  ['E5', { ...D120, writableWorkingSetBytes: 25 * MB }, [2, 10_270, 270, 1025], [1000, 25], true],
  [
    'E6',
    { ...D120, writableWorkingSetBytes: 200 * MB },
    [30, 68_020, 2_020, 6_800],
    [1000, ...Array(29).fill(200)],
    false,
  ],
  ['E7', SLOW, [6, 33_216.8, 224.8, 1659.84], [1000, 400, 160, 64, 25.6, 10.24], true],
  [
    'E8',
    { ...SLOW, linkBytesPerSec: 100 * MB },
    [6, 33_114.4, 122.4, 1659.84],
    [1000, 400, 160, 64, 25.6, 10.24],
    true,
  ],
  [
    'E9',
    { ...D120, strategy: 'autoconverge' },
    [10, 59_391.9, 164.5, 5937.233],
    [1000, 1000, 1000, 960, 806.4, 580.6, 348.4, 167.2, 60.2, 14.4],
    true,
  ],
  ['E10', { downtimeLimitMs: 50 }, [5, 12_516, 36, 1249.6], [1000, 200, 40, 8, 1.6], true],
];

export const WORKED_EXAMPLES: readonly WorkedExample[] = ROWS.map(
  ([name, changes, figures, roundMb, converges]) => ({
    name,
    input: example(changes),
    figures,
    roundMb,
    converges,
  }),
);

const WINDOWS_MS = [
  125, 250, 375, 500, 750, 1000, 1500, 2000, 3000, 4001, 6000, 8000, 10000, 15000, 20000, 25000,
  30000, 35000, 40000, 45000, 50000, 60000,
];
const PAGES = [
  33, 78, 119, 151, 217, 236, 293, 336, 425, 505, 620, 756, 898, 1204, 1457, 1723, 1934, 2141, 2328,
  2522, 2675, 2958,
];
const PAGE_SCALE = 8_392_704 / 16_392;
const USED_BYTES = PAGE_SCALE * ((16_392 - 10_060) * 4104 + 10_060 * 8);
const LIMITS_MS = [125, 250, 500, 1000, 5000, 1e9];

/** E12, a curve measured on a real guest: whole seconds, rounded up; undefined: does not converge. */
export const MEASURED_CURVE = WINDOWS_MS.map(
  (ms, i) => [ms, PAGES[i] * PAGE_SCALE * 4104] as const,
);
const GBPS_ROWS: readonly (readonly [number, readonly (number | undefined)[]])[] = [
  [1, [undefined, undefined, undefined, undefined, undefined, 100]],
  [2, [undefined, undefined, undefined, undefined, 101, 50]],
  [5, [48, 46, 31, 28, 25, 20]],
  [10, [13, 12, 12, 12, 12, 10]],
  [25, [5, 5, 5, 5, 4, 4]],
];
export const CURVE_EXAMPLES = GBPS_ROWS.flatMap(([gbps, seconds]) =>
  LIMITS_MS.map((downtimeLimitMs, i) => {
    const rate = (gbps * 2 ** 30) / 8;
    const input: PreCopyCase = {
      usedMemoryBytes: USED_BYTES,
      bandwidthBytesPerSec: rate,
      linkBytesPerSec: rate,
      dirtyRateBytesPerSec: 0,
      writableWorkingSetBytes: USED_BYTES,
      downtimeLimitMs,
      fixedDowntimeMs: 0,
      timeLimitMs: 3_600_000,
      strategy: 'precopy',
      dirtyCurve: MEASURED_CURVE,
    };
    return { name: `${gbps} Gbps, ${downtimeLimitMs} ms`, input, seconds: seconds[i] };
  }),
);
