// Climatology: quantiles of two weeks, the same at every lead, and nothing of the future.
import { batchOf, QUANTILE_LEVELS, uniform, type SeriesBatch } from '../../../src/core';
import { ClimatologyForecaster, FIT_STATUSES, type ForecastBatch } from '../../../src/models';
import { futureReplaced, permuted, scaled, waves } from '../series-lab';

const HORIZON = 24;

function forecast(history: SeriesBatch, end = history.length): Promise<ForecastBatch> {
  const request = { end, seasonLength: 24, horizon: HORIZON, levels: QUANTILE_LEVELS };
  return new ClimatologyForecaster().forecast(history, request);
}

describe('climatology', () => {
  it('knows the quantiles of values without structure', async () => {
    const values = Array.from({ length: 600 }, (_, at) => uniform(3, at));
    const { quantiles, point } = await forecast(batchOf(0, 3_600_000, [values]));
    QUANTILE_LEVELS.forEach((level, at) =>
      expect(Math.abs(quantiles[at * HORIZON] - level)).toBeLessThan(0.08),
    );
    expect(point[0]).toBe(quantiles[4 * HORIZON]);
  });

  it('follows a VM that stopped three hours ago, and keeps its old range as a doubt', async () => {
    const values = Array.from({ length: 400 }, (_, at) => (at < 397 ? 50 + (at % 7) : 0));
    const { point, quantiles } = await forecast(batchOf(0, 3_600_000, [values]));
    expect(point[0]).toBe(0);
    expect(quantiles[8 * HORIZON]).toBeGreaterThan(50);
  });

  it('never reads at or after the end, and scales by powers of two bit for bit', async () => {
    const history = waves(3, 480);
    const known = await forecast(history, 456);
    expect(await forecast(futureReplaced(history, 456, 1e6), 456)).toEqual(known);
    const twice = await forecast(scaled(history, 2), 456);
    expect(twice.quantiles).toEqual(known.quantiles.map((value) => 2 * value));
  });

  it('says the same of a row wherever it stands', async () => {
    const one = await forecast(waves(3, 480));
    const other = await forecast(permuted(waves(3, 480), [2, 0, 1]));
    expect(other.point.subarray(0, HORIZON)).toEqual(one.point.subarray(2 * HORIZON));
  });

  it('abstains without a value, and is finite on one, on holes, and on 1e30', async () => {
    const rows = [[Number.NaN], [7], [Number.NaN, 3, Number.NaN], [1e30, 0, 5]].map((row) => [
      ...Array<number>(3 - row.length).fill(Number.NaN),
      ...row,
    ]);
    const batch = await forecast(batchOf(0, 3_600_000, rows));
    expect(FIT_STATUSES[batch.status[0]]).toBe('abstained');
    expect([...batch.quantiles, ...batch.mean].every(Number.isFinite)).toBe(true);
  });

  it('refuses the state of another model', () => {
    const model = new ClimatologyForecaster();
    expect(model.load(model.save()).name).toBe('climatology');
    expect(() => model.load(Buffer.from('{}'))).toThrow(/climatology/);
  });
});
