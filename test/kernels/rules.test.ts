// Every instruction set gives the reference's very bits for the rules of thumb.
import { QUANTILE_LEVELS, uniform } from '../../src/core';
import { ISAS, openKernels, RULES, type Isa, type RuleRows } from '../../src/kernels';

const best = openKernels('auto').report();
const isas = best.backend === 'native' ? ISAS.slice(0, 1 + ISAS.indexOf(best.isa as Isa)) : [];
const describeNative =
  isas.length > 0 ? describe.each(isas) : describe.skip.each(['baseline'] as const);
const LANES = { baseline: 2, avx2: 4, avx512: 8 } as const;
const LENGTH = 24 * 17;

/** Every kind of row in turn: plain, with holes, constant, empty, a late start, huge values. */
function rowsOf(rowCount: number, end = LENGTH, seasonLength = 24): RuleRows {
  const values = new Float64Array(rowCount * LENGTH);
  for (let row = 0; row < rowCount; row += 1) {
    for (let t = 0; t < LENGTH; t += 1) {
      const u = uniform(7, row, t);
      const wave = 30 + 20 * Math.sin((t * Math.PI) / 12) + 10 * u;
      values[row * LENGTH + t] = [
        wave,
        u < 0.2 || (t > 100 && t < 131) ? Number.NaN : Math.round(wave * 100) / 100,
        4,
        Number.NaN,
        t < LENGTH - 25 ? Number.NaN : wave,
        1e30 * wave,
      ][row % 6];
    }
  }
  return { values, rowCount, stride: LENGTH, end, seasonLength };
}

describeNative('the rules of thumb with %s', (isa) => {
  const native = openKernels(isas.length > 0 ? 'native' : 'reference', { isa, threads: 2 }).rules;
  const reference = openKernels('reference').rules;
  const request = { horizon: 30, levels: QUANTILE_LEVELS, lower: 0, upper: 400 };
  const width = LANES[isa];

  it.each([0, 1, width - 1, width, width + 1, 13])('are the same for %i rows', async (count) => {
    for (const rule of RULES) {
      const rows = rowsOf(count);
      expect(await native.forecast(rows, { ...request, rule })).toEqual(
        await reference.forecast(rows, { ...request, rule }),
      );
    }
  });

  it('are the same at every origin, season, horizon, and without bounds', async () => {
    const free = { ...request, lower: -Infinity, upper: Infinity };
    for (const [end, seasonLength, horizon] of [
      [0, 24, 5],
      [1, 24, 24],
      [26, 24, 200],
      [200, 1, 30],
      [LENGTH, 96, 7],
    ]) {
      for (const rule of RULES) {
        const rows = rowsOf(9, end, seasonLength);
        expect(await native.forecast(rows, { ...free, rule, horizon })).toEqual(
          await reference.forecast(rows, { ...free, rule, horizon }),
        );
      }
    }
  });

  it('do not read what is at or after the end', async () => {
    const rows = rowsOf(7, 300);
    const values = rows.values.map((value, at) => (at % LENGTH >= 300 ? 1e9 : value));
    for (const rule of RULES) {
      expect(await native.forecast({ ...rows, values }, { ...request, rule })).toEqual(
        await native.forecast(rows, { ...request, rule }),
      );
    }
  });
});
