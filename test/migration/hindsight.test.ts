import { CostPredictor, hindsightOf, type HindsightVm } from '../../src/migration';

const CUTOFF_MS = Date.parse('2026-11-27T22:00:00Z');
const HOUR = 3_600_000;
const DAY = {
  cutoffMs: CUTOFF_MS,
  firstStartMs: CUTOFF_MS + 900_000,
  endMs: CUTOFF_MS + 24 * HOUR,
  timeZone: 'UTC',
};

/** `loads`: percent by hour from the cutoff. */
function vmOf(vmId: string, loads: readonly number[], chosenHour: number): HindsightVm {
  const values = Float64Array.from({ length: 288 }, (_, bin) => loads[Math.floor(bin / 12)]);
  const notBeforeMs = CUTOFF_MS + chosenHour * HOUR;
  return {
    vmId,
    size: { vcpus: 4, memoryBytes: 8 * 2 ** 30 },
    mode: 'auto-converge',
    window: { notBeforeMs, notAfterMs: notBeforeMs + HOUR, loadPct: { mean: 5, p05: 4, p95: 12 } },
    load: { startMs: CUTOFF_MS, stepMs: 300_000, values },
  };
}

const hours = (of: (hour: number) => number): number[] =>
  Array.from({ length: 24 }, (_, h) => of(h));

describe('a night in hindsight', () => {
  // Busy at the cutoff (60 %), at 02:00 (hour 4: 40 %), quiet in hour 10 (5 %), quietest in hour 15 (2 %).
  const day = hours((hour) => ({ 0: 60, 4: 40, 10: 5, 15: 2 })[hour] ?? 20);

  it('puts the chosen windows beside now, random, 02:00, and the best there was', () => {
    const { moments, saved, comparedVms, loadCoverage } = hindsightOf([vmOf('a', day, 10)], DAY);
    expect(comparedVms).toBe(1);
    expect(
      [moments?.chosen, moments?.now, moments?.['02:00'], moments?.best].map((one) => one?.loadPct),
    ).toEqual([5, 60, 40, 2]);
    expect(moments?.random.loadPct).toBeGreaterThan(15);
    expect(moments?.random.loadPct).toBeLessThan(25);
    expect(saved?.now).toBeGreaterThan(saved?.['02:00'] ?? Infinity);
    expect(saved?.random).toBeGreaterThan(0);
    expect(saved?.best).toBeLessThan(0); // the best is no worse than what was chosen
    expect(loadCoverage).toBe(1);
  });

  it('takes its costs from the cost model at the load that came', () => {
    const { moments } = hindsightOf([vmOf('a', day, 10)], DAY);
    const cost = new CostPredictor().predict(
      { vcpus: 4, memoryBytes: 8 * 2 ** 30 },
      5,
      'auto-converge',
    );
    expect(moments?.chosen.totalTimeMs).toBe(cost.totalTimeMs.p50);
    expect(moments?.chosen.downtimeMs).toBe(cost.downtimeMs.p50);
  });

  it('adds savings over VMs, and takes means of the rest', () => {
    const one = hindsightOf([vmOf('a', day, 10)], DAY);
    const two = hindsightOf([vmOf('a', day, 10), vmOf('b', day, 10)], DAY);
    expect(two.moments).toEqual(one.moments);
    expect(two.saved?.now).toBeCloseTo(2 * (one.saved?.now ?? 0), 1);
  });

  it('leaves out a VM without a load at one of the moments, and counts it', () => {
    const gap = hours((hour) => (hour === 10 ? Number.NaN : 20));
    expect(hindsightOf([vmOf('a', gap, 10), vmOf('b', day, 10)], DAY)).toMatchObject({
      comparedVms: 1,
      leftOutVms: 1,
    });
    expect(hindsightOf([vmOf('a', gap, 10)], DAY)).toEqual({ comparedVms: 0, leftOutVms: 1 });
  });
});
