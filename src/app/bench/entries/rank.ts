// Three ranked windows of a day with their costs, for VMs of many sizes and loads.
import { DomainError, QUANTILE_LEVELS, uniform } from '../../../core';
import { openKernels, type RankRows } from '../../../kernels';
import { COST_DEFAULTS, copySettingsOf, rankSettingsOf, WINDOW_DEFAULTS } from '../../../migration';
import { kernelEntry } from '../bench-entry';

const STEPS = 288;
const CHECKED = 40; // the reference takes milliseconds for each
const LEVELS = QUANTILE_LEVELS.length;
const GIB = 2 ** 30;

function daysOf(rowCount: number): RankRows {
  const load = (row: number, step: number): number =>
    60 * uniform(1, row) * (0.3 + uniform(2, row, Math.floor(step / 12)));
  const mean = Float64Array.from({ length: rowCount * STEPS }, (_, at) =>
    load(Math.floor(at / STEPS), at % STEPS),
  );
  const quantiles = Float64Array.from({ length: rowCount * LEVELS * STEPS }, (_, at) => {
    const level = QUANTILE_LEVELS[Math.floor(at / STEPS) % LEVELS];
    return load(Math.floor(at / STEPS / LEVELS), at % STEPS) * (0.5 + level);
  });
  const pick = (values: readonly number[], field: number): Float64Array =>
    Float64Array.from(
      { length: rowCount },
      (_, row) => values[Math.floor(uniform(3, row, field) * values.length)],
    );
  return {
    rowCount,
    horizon: STEPS,
    finer: 1,
    stepMs: 300_000,
    startMs: Date.UTC(2026, 10, 24),
    levels: QUANTILE_LEVELS,
    mean,
    quantiles,
    vcpus: pick([1, 2, 4, 8, 16], 1),
    memoryBytes: pick([2 * GIB, 4 * GIB, 8 * GIB, 16 * GIB, 32 * GIB], 2),
    usedMemoryBytes: new Float64Array(rowCount).fill(Number.NaN),
    skip: new Uint8Array(rowCount),
  };
}

export const entry = kernelEntry({
  name: 'rank',
  unit: 'VM',
  describe: 'rank the windows of a day of 288 steps, with costs',
  async prepare(small, kernels) {
    const rows = daysOf(small ? 17 : 8_192);
    const copy = copySettingsOf(COST_DEFAULTS);
    const settings = rankSettingsOf(WINDOW_DEFAULTS);
    const run = () => kernels.windows.rank(rows, copy, settings);
    return {
      n: rows.rowCount,
      async check() {
        const few = daysOf(Math.min(rows.rowCount, CHECKED));
        const slow = await openKernels('reference').windows.rank(few, copy, settings);
        const fast = await kernels.windows.rank(few, copy, settings);
        const same = slow.figures.every((value, at) => Object.is(value, fast.figures[at]));
        if (!same) throw new DomainError('INTERNAL', 'bench rank: differs from the reference');
      },
      run: async () => ({ values: (await run()).figures }),
    };
  },
});
