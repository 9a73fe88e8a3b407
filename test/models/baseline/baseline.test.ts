// The four baselines: the rule is the point, quantiles come from its own errors.
import fc from 'fast-check';
import { batchOf, QUANTILE_LEVELS, type SeriesBatch } from '../../../src/core';
import { BASELINES, createBaseline, FIT_STATUSES, type ForecastBatch } from '../../../src/models';
import { futureReplaced, permuted, scaled, waves } from '../series-lab';

const NAMES = Object.keys(BASELINES);
const HORIZON = 30;

function forecast(
  name: string,
  history: SeriesBatch,
  end = history.length,
  more: { bounds?: { lower: number; upper: number }; seasonLength?: number } = {},
): Promise<ForecastBatch> {
  const request = { end, seasonLength: 24, horizon: HORIZON, levels: QUANTILE_LEVELS, ...more };
  return createBaseline(name).forecast(history, request);
}

describe('baselines', () => {
  it('repeat the last known value, and say the same at every lead', async () => {
    const history = batchOf(0, 3_600_000, [[1, 2, 7, Number.NaN]]);
    expect([...(await forecast('naive', history)).point]).toEqual(Array(HORIZON).fill(7));
  });

  it('take the same time yesterday, the day before where that is missing, then the last value', async () => {
    const day = Array.from({ length: 24 }, (_, hour) => hour);
    const second = day.map((hour) => (hour === 5 ? Number.NaN : hour + 100));
    const { point } = await forecast(
      'seasonal-naive',
      batchOf(0, 3_600_000, [[...day, ...second]]),
    );
    expect([point[0], point[5], point[6], point[24], point[29]]).toEqual([100, 5, 106, 100, 5]);
    const short = await forecast('seasonal-naive', batchOf(0, 3_600_000, [[3, 4]]));
    expect([short.point[0], short.point[22], short.point[23]]).toEqual([4, 3, 4]);
  });

  it('take the same time last week', async () => {
    const values = Array.from({ length: 8 * 24 }, (_, at) => at);
    const { point } = await forecast('seasonal-naive-week', batchOf(0, 3_600_000, [values]));
    expect([point[0], point[23]]).toEqual([24, 47]);
  });

  it('let the last level decay to the mean of three days', async () => {
    const values = [...Array(72).fill(10), 20];
    const { point } = await forecast('level-decay', batchOf(0, 3_600_000, [values]));
    expect(point[0]).toBeCloseTo(10 + 0.9 * 10, 12);
    expect(point[9]).toBeCloseTo(10 + 0.9 ** 10 * 10, 12);
  });

  it.each(NAMES)('%s scales with its series, bit for bit', async (name) => {
    const history = waves(4, 500);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -8, max: 8 }), async (power) => {
        const factor = 2 ** power;
        const one = await forecast(name, history);
        const other = await forecast(name, scaled(history, factor));
        expect(other.quantiles).toEqual(one.quantiles.map((value) => value * factor));
        expect(other.point).toEqual(one.point.map((value) => value * factor));
      }),
      { numRuns: 10 },
    );
  });

  it.each(NAMES)('%s never reads at or after the end', async (name) => {
    const history = waves(3, 400);
    const known = await forecast(name, history, 350);
    for (const value of [Number.NaN, 1e9]) {
      expect(await forecast(name, futureReplaced(history, 350, value), 350)).toEqual(known);
    }
  });

  it.each(NAMES)('%s says the same of a row wherever it stands', async (name) => {
    const one = await forecast(name, waves(4, 300));
    const other = await forecast(name, permuted(waves(4, 300), [2, 0, 3, 1]));
    [2, 0, 3, 1].forEach((from, to) => {
      const row = (batch: ForecastBatch, at: number): number[] => [
        ...batch.point.subarray(at * HORIZON, (at + 1) * HORIZON),
        ...batch.quantiles.subarray(at * HORIZON * 9, (at + 1) * HORIZON * 9),
      ];
      expect(row(other, to)).toEqual(row(one, from));
    });
  });

  it.each(NAMES)('%s has rising quantiles inside the bounds, and no NaN', async (name) => {
    const bounds = { lower: 15, upper: 22 };
    const { quantiles, point, mean } = await forecast(name, waves(5, 300), 300, { bounds });
    for (const value of [...quantiles, ...point, ...mean]) {
      expect(value).toBeGreaterThanOrEqual(15);
      expect(value).toBeLessThanOrEqual(22);
    }
    quantiles.forEach((value, at) => {
      const level = Math.floor(at / HORIZON) % 9;
      if (level > 0) expect(value).toBeGreaterThanOrEqual(quantiles[at - HORIZON]);
    });
  });

  it.each(NAMES)('%s forecasts zero and abstains where nothing is known', async (name) => {
    const history = batchOf(0, 3_600_000, [Array(60).fill(Number.NaN), Array(60).fill(3)]);
    const batch = await forecast(name, history);
    expect(FIT_STATUSES[batch.status[0]]).toBe('abstained');
    expect(batch.abstentions.get(0)).toEqual({ reason: 'no known value', fallback: 'zero' });
    expect([...batch.point.subarray(0, HORIZON)]).toEqual(Array(HORIZON).fill(0));
    expect(FIT_STATUSES[batch.status[1]]).toBe('converged');
    expect([...batch.quantiles.subarray(9 * HORIZON)]).toEqual(Array(9 * HORIZON).fill(3));
  });

  it.each(NAMES)('%s works at five minutes', async (name) => {
    const batch = await forecast(name, waves(2, 3 * 288, 288), 3 * 288, { seasonLength: 288 });
    expect([...batch.quantiles].every(Number.isFinite)).toBe(true);
  });

  it('is loaded from its own state and from nothing else', () => {
    const naive = createBaseline('naive');
    expect(naive.load(naive.save()).name).toBe('naive');
    expect(() => naive.load(createBaseline('level-decay').save())).toThrow(
      /belongs to 'level-decay'/,
    );
    expect(() => naive.load(Buffer.from('{'))).toThrow(/is not JSON/);
    expect(() => createBaseline('median')).toThrow(/'median' is no baseline/);
  });
});
