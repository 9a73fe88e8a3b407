// Boosted trees over a fleet: what they must keep whatever they learn.
import { batchOf, QUANTILE_LEVELS, type SeriesBatch } from '../../../src/core';
import { FEATURE_NAMES, openKernels, type Centring } from '../../../src/kernels';
import {
  BoostedForecaster,
  FIT_STATUSES,
  type FittedBoosted,
  type ForecastBatch,
} from '../../../src/models';
import { futureReplaced, permuted, scaled, waves } from '../series-lab';

const kernels = openKernels('auto');
const HORIZON = 30;
const CENTRINGS: readonly Centring[] = ['last', 'blend'];

function forecasterOf(centring: Centring, stepsPerDay = 24): BoostedForecaster {
  const settings = { name: 'boosted', centring, stepsPerDay, horizon: HORIZON, rowsMax: 4_000 };
  return new BoostedForecaster(kernels, settings);
}

async function fitOf(
  centring: Centring,
  history: SeriesBatch,
  end = history.length,
): Promise<FittedBoosted> {
  const request = { end, seasonLength: 24, seed: 3 };
  return (await forecasterOf(centring).fit(history, request)) as FittedBoosted;
}

function forecastOf(
  fitted: FittedBoosted,
  history: SeriesBatch,
  end = history.length,
  more: { readonly bounds?: { lower: number; upper: number }; readonly horizon?: number } = {},
): Promise<ForecastBatch> {
  const request = { end, seasonLength: 24, horizon: HORIZON, levels: QUANTILE_LEVELS, ...more };
  return fitted.forecast(history, request);
}

const history = waves(6, 480);

describe.each(CENTRINGS)('boosted trees centred on the %s', (centring) => {
  let fitted: FittedBoosted;
  let known: ForecastBatch;

  beforeAll(async () => {
    fitted = await fitOf(centring, history, 456);
    known = await forecastOf(fitted, history, 456);
  });

  it('forecast a daily wave better than its level does', () => {
    let own = 0;
    let level = 0;
    for (let row = 2; row < 6; row += 3) {
      for (let lead = 0; lead < 24; lead += 1) {
        const actual = history.values[row * 480 + 456 + lead];
        if (Number.isNaN(actual)) continue;
        own += Math.abs(actual - known.point[row * HORIZON + lead]);
        level += Math.abs(actual - history.values[row * 480 + 454]);
      }
    }
    expect(own).toBeLessThan(0.6 * level);
  });

  it('learn and forecast the same bits whatever comes at and after the end', async () => {
    for (const value of [1e6, Number.NaN]) {
      const replaced = futureReplaced(history, 456, value);
      const again = await fitOf(centring, replaced, 456);
      expect(await forecastOf(again, replaced, 456)).toEqual(known);
    }
  });

  it('scale with the fleet, bit for bit', async () => {
    const larger = scaled(history, 4);
    const again = await forecastOf(await fitOf(centring, larger, 456), larger, 456);
    expect(again.quantiles).toEqual(known.quantiles.map((value) => 4 * value));
  });

  it('say the same of a row wherever it stands, and whatever its neighbours are', async () => {
    const order = [3, 1, 0, 2, 5, 4];
    const moved = await forecastOf(fitted, permuted(history, order), 456);
    const poisoned = { ...history, values: history.values.slice() };
    poisoned.values.fill(1e30, 480, 960);
    const beside = await forecastOf(fitted, poisoned, 456);
    const row = (batch: ForecastBatch, at: number): Float64Array =>
      batch.quantiles.subarray(at * 9 * HORIZON, (at + 1) * 9 * HORIZON);
    order.forEach((from, to) => expect(row(moved, to)).toEqual(row(known, from)));
    [0, 2, 3, 4, 5].forEach((at) => expect(row(beside, at)).toEqual(row(known, at)));
  });

  it('give quantiles that rise, inside the bounds, the median as the point', async () => {
    const bounds = { lower: 0, upper: 24 };
    const batch = await forecastOf(fitted, history, 456, { bounds });
    for (let row = 0; row < 6; row += 1) {
      for (let lead = 0; lead < HORIZON; lead += 1) {
        const own = QUANTILE_LEVELS.map(
          (_, level) => batch.quantiles[(row * 9 + level) * HORIZON + lead],
        );
        expect(own).toEqual(own.toSorted((a, b) => a - b));
        expect(own[0]).toBeGreaterThanOrEqual(0);
        expect(own[8]).toBeLessThanOrEqual(24);
        expect(batch.point[row * HORIZON + lead]).toBe(own[4]);
      }
    }
  });

  it('come back from their state with the same forecast', async () => {
    const loaded = forecasterOf(centring).load(fitted.save()) as FittedBoosted;
    expect(await forecastOf(loaded, history, 456)).toEqual(known);
  });

  it('name what they learned from', () => {
    const importance = fitted.importance();
    expect(importance.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 9);
    for (const [name] of importance) expect(FEATURE_NAMES).toContain(name);
  });

  it('differ with the seed and repeat with it', async () => {
    const forecaster = forecasterOf(centring);
    const request = { end: 456, seasonLength: 24 };
    const one = await forecaster.fit(history, { ...request, seed: 3 });
    const other = await forecaster.fit(history, { ...request, seed: 4 });
    expect(one.save()).toEqual(fitted.save());
    expect(other.save()).not.toEqual(one.save());
  });
});

describe('boosted trees', () => {
  it('learn from teachers alone when told so', async () => {
    const request = { end: 480, seasonLength: 24, seed: 3 };
    const taught = await forecasterOf('blend').fit(batchOf(0, 3_600_000, [Array(480).fill(1)]), {
      ...request,
      teachers: [history],
      teachersOnly: true,
    });
    const own = await forecasterOf('blend').fit(history, request);
    expect(taught.save()).toEqual(own.save());
  });

  it('refuse a horizon beyond what was trained', async () => {
    const fitted = await fitOf('last', history);
    await expect(forecastOf(fitted, history, 480, { horizon: 31 })).rejects.toThrow(
      "model 'boosted' was trained for 30 steps; 31 are asked for",
    );
  });

  it('abstain with a reason where there is too little', async () => {
    const fitted = await fitOf('last', history);
    const young = Array.from({ length: 480 }, (_, at) => (at < 455 ? Number.NaN : 7));
    const odd = batchOf(0, 3_600_000, [Array(480).fill(Number.NaN), young]);
    const batch = await forecastOf(fitted, odd);
    const abstained = FIT_STATUSES.indexOf('abstained');
    expect([...batch.status]).toEqual([abstained, abstained]);
    expect(batch.abstentions.get(0)).toEqual({ reason: 'no known value', fallback: 'zero' });
    expect(batch.abstentions.get(1)?.reason).toMatch(/25 bins since its first value; 48/);
    expect(new Set(batch.point.subarray(0, HORIZON))).toEqual(new Set([0]));
    expect(new Set(batch.point.subarray(HORIZON))).toEqual(new Set([7]));
  });

  it('say so where a fleet is too small to learn from', async () => {
    const few = await fitOf('last', waves(1, 80));
    const batch = await forecastOf(few, waves(1, 80));
    expect(batch.abstentions.get(0)?.reason).toMatch(/rows to learn from; 500 are needed/);
  });

  it('stay finite on constants, zeros, two values, holes, giants, and late shifts', async () => {
    const at = (make: (index: number) => number): number[] =>
      Array.from({ length: 480 }, (_, index) => make(index));
    const odd = batchOf(0, 3_600_000, [
      at(() => 5),
      at(() => 0),
      at((index) => index % 2),
      at((index) => (index > 400 && index < 432 ? Number.NaN : index % 24)),
      at(() => 1e30),
      at((index) => (index === 479 ? 100 : 1)),
      at((index) => (index % 50 === 0 ? 1e300 : Number.POSITIVE_INFINITY)),
      at((index) => (index < 300 ? 0 : index % 7)),
    ]);
    for (const centring of CENTRINGS) {
      const fitted = await fitOf(centring, odd);
      const { point, mean, quantiles } = await forecastOf(fitted, odd);
      for (const numbers of [point, mean, quantiles]) {
        expect(numbers.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('are refused when their file was cut or changed anywhere', async () => {
    const bytes = (await fitOf('last', history)).save();
    const forecaster = forecasterOf('last');
    for (let cut = 0; cut < bytes.length; cut += 997) {
      expect(() => forecaster.load(bytes.subarray(0, cut))).toThrow(/state of model 'boosted'/);
    }
    for (let bit = 0; bit < 8 * bytes.length; bit += 7_919) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] ^= 1 << (bit & 7);
      expect(() => forecaster.load(changed)).toThrow(/state of model 'boosted'/);
    }
  });

  it('forecast five-minute bins, too', async () => {
    const fleet = waves(3, 288 * 12, 288);
    const forecaster = forecasterOf('blend', 288);
    const fitted = await forecaster.fit(fleet, { end: fleet.length, seasonLength: 288 });
    const levels = QUANTILE_LEVELS;
    const request = { end: fleet.length, seasonLength: 288, horizon: HORIZON, levels };
    const batch = await fitted.forecast(fleet, request);
    expect(batch.abstentions.size).toBe(0);
    for (let row = 0; row < 3; row += 1) {
      expect(Math.abs(batch.point[row * HORIZON] - (20 + row))).toBeLessThan(12);
    }
  });
});
