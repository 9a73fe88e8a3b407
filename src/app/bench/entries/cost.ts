// What copying memory costs at every start of a day: P50 and P95 of time, pause, and bytes.
import { DomainError, uniform } from '../../../core';
import {
  COPY_MODES,
  COST,
  COST_WIDTH,
  modeOf,
  openKernels,
  withArena,
  type CostRows,
  type Kernels,
} from '../../../kernels';
import { COST_DEFAULTS, copySettingsOf } from '../../../migration';
import { kernelEntry, type BenchPeer } from '../bench-entry';

const STARTS = 288;
const WINDOW_STEPS = 4;
const KEPT = 61; // no multiple of the figures of a start
const GIB = 2 ** 30;
/** The reference takes tens of microseconds for each start. */
const CHECKED = 6;
const { floor, max, round } = Math;
const copy = copySettingsOf(COST_DEFAULTS);

/** Whose memory in use is known: nobody's (sizes of a catalogue), half, or each VM's. */
type Fleet = 'catalogue' | 'mixed' | 'measured';

/** A day's load: an hour's level, a part that changes each step; mean over a window, to .01 %. */
function loadsOf(rowCount: number): Float64Array {
  const loads = new Float64Array(rowCount * STARTS);
  for (let row = 0; row < rowCount; row += 1) {
    const level = 1 + 60 * uniform(1, row) ** 2;
    const steps = Float64Array.from(
      { length: STARTS + WINDOW_STEPS },
      (_, step) =>
        level *
        (0.4 + 0.7 * uniform(2, row, floor((step % STARTS) / 12)) + 0.2 * uniform(3, row, step)),
    );
    for (let start = 0; start < STARTS; start += 1) {
      let sum = 0;
      for (let step = start; step < start + WINDOW_STEPS; step += 1) sum += steps[step];
      loads[row * STARTS + start] = round((100 * sum) / WINDOW_STEPS) / 100;
    }
  }
  return loads;
}

/** Sizes of a catalogue; modes as the night chooses them, by the day's mean load. */
async function fleetOf(rowCount: number, fleet: Fleet, kernels: Kernels): Promise<CostRows> {
  const cpuPct = loadsOf(rowCount);
  const pick = (values: readonly number[], field: number): Float64Array =>
    Float64Array.from(
      { length: rowCount },
      (_, row) => values[floor(uniform(4, row, field) * values.length)],
    );
  const memoryBytes = pick([2 * GIB, 4 * GIB, 8 * GIB, 16 * GIB, 32 * GIB], 2);
  const rows = {
    rowCount,
    vcpus: pick([1, 2, 4, 8, 16], 1),
    memoryBytes,
    usedMemoryBytes: memoryBytes.map((bytes, row) => {
      const isKnown = fleet === 'measured' || (fleet === 'mixed' && row % 2 === 0);
      return isKnown ? round(bytes * (0.2 + 0.7 * uniform(5, row))) : Number.NaN;
    }),
  };
  const means = Float64Array.from({ length: rowCount }, (_, row) => {
    const day = cpuPct.subarray(row * STARTS, (row + 1) * STARTS);
    return day.reduce((sum, load) => sum + load, 0) / STARTS;
  });
  const plain = { ...rows, startCount: 1, cpuPct: means, modes: new Int32Array(rowCount) };
  const costs = await kernels.windows.cost(plain, copy);
  const modes = Int32Array.from({ length: rowCount }, (_, row) =>
    COPY_MODES.indexOf(modeOf(costs[row * COST_WIDTH + COST.successProb])),
  );
  return { ...rows, startCount: STARTS, cpuPct, modes };
}

function firstRows(rows: CostRows, wanted: number): CostRows {
  const rowCount = Math.min(wanted, rows.rowCount);
  return {
    ...rows,
    rowCount,
    cpuPct: rows.cpuPct.subarray(0, rowCount * STARTS),
    vcpus: rows.vcpus.subarray(0, rowCount),
    memoryBytes: rows.memoryBytes.subarray(0, rowCount),
    usedMemoryBytes: rows.usedMemoryBytes.subarray(0, rowCount),
    modes: rows.modes.subarray(0, rowCount),
  };
}

/** No two starts of a VM share a load: the most that a start can cost. */
function ownLoads(rows: CostRows): CostRows {
  const cpuPct = rows.cpuPct.map((_, at) => 0.2 * (at % STARTS));
  return { ...rows, cpuPct, modes: new Int32Array(rows.rowCount) };
}

/** In an arena, as the night calls it: every 61st figure is kept. */
function costOnce(rows: CostRows, kernels: Kernels): Promise<Float64Array> {
  return withArena(async (arena) => {
    const figures = await kernels.within(arena).windows.cost(rows, copy);
    return Float64Array.from(
      { length: floor(figures.length / KEPT) },
      (_, at) => figures[KEPT * at],
    );
  });
}

async function peersOf(rows: CostRows, kernels: Kernels): Promise<readonly BenchPeer[]> {
  const reference = openKernels('reference');
  const peer = (name: string, own: CostRows, by: Kernels): BenchPeer => ({
    name,
    n: own.rowCount * STARTS,
    run: () => costOnce(own, by),
  });
  const some = max(1, floor(rows.rowCount / 8));
  const scalar = { ...firstRows(rows, some), isOneByOne: true };
  const catalogue = await fleetOf(rows.rowCount, 'catalogue', kernels);
  const measured = await fleetOf(rows.rowCount, 'measured', kernels);
  return [
    peer('scalar, one by one', scalar, kernels),
    peer('reference', firstRows(rows, CHECKED), reference),
    peer('memory in use of none known', catalogue, kernels),
    peer('memory in use of all known', measured, kernels),
    peer('all known, no load twice', ownLoads(firstRows(measured, some)), kernels),
  ];
}

export const entry = kernelEntry({
  name: 'cost',
  unit: 'VM and start',
  describe: 'what copying a VM costs at each of 288 starts: P50 and P95 of time, pause, bytes',
  async prepare(small, kernels) {
    const rows = await fleetOf(small ? 19 : 2_048, 'mixed', kernels);
    return {
      n: rows.rowCount * STARTS,
      async check() {
        const few = firstRows(rows, CHECKED);
        const slow = await openKernels('reference').windows.cost(few, copy);
        const fast = await kernels.windows.cost(few, copy);
        const same = slow.every((value, at) => Object.is(value, fast[at]));
        if (!same) throw new DomainError('INTERNAL', 'bench cost: differs from the reference');
      },
      run: async () => ({ values: await costOnce(rows, kernels) }),
      beside: await peersOf(rows, kernels),
    };
  },
});
