// What copying costs at many starts, and the recursion of many migrations: each backend beside the reference.
import { uniform } from '../../src/core';
import {
  COPY_MODES,
  CORRECTION,
  CORRECTION_WIDTH,
  COST,
  COST_WIDTH,
  MODE_CORRECTION_WIDTH,
  NO_MODE,
  openKernels,
  type CopySettings,
  type CostRows,
} from '../../src/kernels';
import { COST_DEFAULTS, copySettingsOf } from '../../src/migration';
import { nativeBackends } from './native-backends';

const reference = openKernels('reference');
const backends = nativeBackends();
const copy = copySettingsOf(COST_DEFAULTS);
const GIB = 2 ** 30;
const { floor } = Math;

/** Loads idle to overloaded, some far away, some unknown; sizes known and not, some absurd. */
function rowsOf(rowCount: number, startCount: number): CostRows {
  const pick = (choices: readonly number[]): Float64Array =>
    Float64Array.from({ length: rowCount }, (_, row) => choices[row % choices.length]);
  const loadOf = (row: number, start: number): number => {
    const place = (7 * row + start) % 23;
    if (place === 3) return Number.NaN;
    if (place === 5) return [1e5, -4, Infinity, 0][row % 4];
    return [0.4, 12, 90, 380][row % 4] * uniform(1, row, start);
  };
  return {
    rowCount,
    startCount,
    cpuPct: Float64Array.from({ length: rowCount * startCount }, (_, at) =>
      loadOf(floor(at / startCount), at % startCount),
    ),
    vcpus: pick([2, Number.NaN, 0, 16, 1, 64, Infinity]),
    memoryBytes: pick([8 * GIB, Number.NaN, GIB, 4_096 * GIB, 1e-200, Infinity]),
    usedMemoryBytes: pick([Number.NaN, 3 * GIB, Number.NaN, 0, 1_000]),
    modes: Int32Array.from({ length: rowCount }, (_, row) => floor(row / 3) % (NO_MODE + 1)),
  };
}

const differences = (a: ArrayLike<number>, b: ArrayLike<number>): readonly number[] =>
  Array.from(a, (value, at) => (Object.is(value, b[at]) ? -1 : at)).filter((at) => at >= 0);

describe.each(backends)('the cost of many starts on %s', (_, native) => {
  it.each([
    [0, 288],
    [5, 0],
    [1, 1],
    [9, 2],
    [9, 3],
    [9, 4],
    [9, 5],
    [9, 6],
    [9, 7],
    [9, 8],
    [9, 9],
    [70, 13],
    [13, 97],
  ])('has the bits of the reference for %i rows of %i starts', async (rowCount, startCount) => {
    const rows = rowsOf(rowCount, startCount);
    const expected = await reference.windows.cost(rows, copy);
    const costs = await native.windows.cost(rows, copy);
    expect(costs).toHaveLength(expected.length);
    expect(differences(costs, expected)).toEqual([]);
    const again = await native.windows.cost(rows, copy); // remembered
    expect(differences(again, expected)).toEqual([]);
    const plain = await native.windows.cost({ ...rows, isOneByOne: true }, copy);
    expect(differences(plain, expected)).toEqual([]);
  });

  it.each<readonly [string, Partial<CopySettings>]>([
    ['a round limit of 1', { maxRounds: 1 }],
    ['a round limit of 2', { maxRounds: 2 }],
    ['a thousand rounds', { maxRounds: 1_000 }],
    ['no downtime at all', { downtimeLimitMs: 0 }],
    ['a slow link', { bandwidthBytesPerSec: 1_000, linkBytesPerSec: 1_000 }],
    ['a link that is faster than any guest', { bandwidthBytesPerSec: 1e12, linkBytesPerSec: 2e12 }],
    ['set-up time', { setupMs: 6_543.21, scanMsPerGib: 0.1 }],
    ['a small working set', { prior: { ...copy.prior, workingSetShare: 0.001 } }],
    ['a working set as large as the memory', { prior: { ...copy.prior, workingSetShare: 1 } }],
    ['a guest that never writes', { prior: { ...copy.prior, idleBytesPerSec: 0 } }],
    ['a certain dirty rate', { prior: { ...copy.prior, logSigma: 0 } }],
    ['rates near the least number', { prior: { ...copy.prior, bytesPerSecPerVcpuMax: 1e-300 } }],
  ])('has the bits of the reference with %s', async (__, changed) => {
    const settings = { ...copy, ...changed };
    const rows = rowsOf(24, 11);
    const expected = await reference.windows.cost(rows, settings);
    expect(differences(await native.windows.cost(rows, settings), expected)).toEqual([]);
  });

  it('reads columns that begin inside a buffer', async () => {
    const rows = rowsOf(12, 10);
    const shifted = (from: Float64Array): Float64Array => {
      const wide = new Float64Array(from.length + 1);
      wide.set(from, 1);
      return wide.subarray(1);
    };
    const moved = { ...rows, cpuPct: shifted(rows.cpuPct), vcpus: shifted(rows.vcpus) };
    const expected = await reference.windows.cost(rows, copy);
    expect(differences(await native.windows.cost(moved, copy), expected)).toEqual([]);
  });

  it('corrects each start by what was learned of its row', async () => {
    const corrections = Float64Array.from({ length: 12 * CORRECTION_WIDTH }, (__, at) => {
      const place = at % MODE_CORRECTION_WIDTH;
      if (place === CORRECTION.success) return uniform(4, at) - 0.6;
      return place % 2 === 1 && uniform(5, at) < 0.5 ? Number.NaN : 0.5 + uniform(4, at);
    });
    const rows = { ...rowsOf(12, 10), corrections };
    const expected = await reference.windows.cost(rows, copy);
    expect(differences(await native.windows.cost(rows, copy), expected)).toEqual([]);
  });

  it('gives a row the same bits alone and among others', async () => {
    const rows = rowsOf(30, 12);
    const all = await native.windows.cost(rows, copy);
    for (const row of [0, 7, 29]) {
      const one = (column: Float64Array): Float64Array => column.slice(row, row + 1);
      const alone = await native.windows.cost(
        {
          rowCount: 1,
          startCount: 12,
          cpuPct: rows.cpuPct.slice(row * 12, (row + 1) * 12),
          vcpus: one(rows.vcpus),
          memoryBytes: one(rows.memoryBytes),
          usedMemoryBytes: one(rows.usedMemoryBytes),
          modes: rows.modes.slice(row, row + 1),
        },
        copy,
      );
      const width = 12 * COST_WIDTH;
      expect(differences(alone, all.subarray(row * width, (row + 1) * width))).toEqual([]);
    }
  });

  it('costs no less at a higher load: time and bytes (I3), and no less than its fixed pause (I4)', async () => {
    const startCount = 600;
    const rows: CostRows = {
      rowCount: 2,
      startCount,
      cpuPct: Float64Array.from({ length: 2 * startCount }, (__, at) => (at % startCount) / 5),
      vcpus: Float64Array.of(2, 8),
      memoryBytes: Float64Array.of(8 * GIB, 16 * GIB),
      usedMemoryBytes: Float64Array.of(Number.NaN, 5 * GIB),
      modes: Int32Array.of(COPY_MODES.indexOf('pre-copy'), COPY_MODES.indexOf('pre-copy')),
    };
    const costs = await native.windows.cost(rows, copy);
    for (let at = 0; at < 2 * startCount; at += 1) {
      const cost = costs.subarray(at * COST_WIDTH, (at + 1) * COST_WIDTH);
      expect(cost[COST.downtimeMsP50]).toBeGreaterThanOrEqual(copy.fixedDowntimeMs);
      if (at % startCount === 0) continue;
      for (const place of [COST.totalTimeMsP50, COST.totalTimeMsP95, COST.bytesSentP50]) {
        expect(cost[place]).toBeGreaterThanOrEqual(costs[(at - 1) * COST_WIDTH + place]);
      }
    }
  });
});

describe('columns that do not fit', () => {
  it('are a programming error', async () => {
    const rows = rowsOf(4, 3);
    await expect(reference.windows.cost({ ...rows, rowCount: 5 }, copy)).rejects.toThrow(
      RangeError,
    );
    const modes = Int32Array.of(0, 1, 2, NO_MODE + 1);
    await expect(reference.windows.cost({ ...rows, modes }, copy)).rejects.toThrow('do not fit');
  });
});
