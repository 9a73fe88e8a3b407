// The ARIMA forecaster by the contract of all forecasters.
import { QUANTILE_LEVELS, batchOf, normal } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import { ArimaForecaster, FIT_STATUSES, FittedArima } from '../../../src/models';
import type { ForecastBatch } from '../../../src/models';
import { generatedRow, withHole } from '../../kernels/generated-rows';

const HOUR_MS = 3_600_000;
const HOURS = 24 * 21;
const arima = new ArimaForecaster(openKernels('auto'));
const day = { end: HOURS, seasonLength: 24, horizon: 24, levels: QUANTILE_LEVELS };

function statusOf(batch: ForecastBatch, row: number): string {
  return FIT_STATUSES[batch.status[row]];
}

function rows(count: number): Float64Array[] {
  return Array.from({ length: count }, (_, r) => generatedRow(21, r, HOURS));
}

describe('the ARIMA forecaster', () => {
  it('follows a daily wave better than the last value does', async () => {
    const wave = Float64Array.from(
      generatedRow(2, 1, HOURS + 24),
      (value, t) => value + 15 * Math.sin((2 * Math.PI * t) / 24),
    );
    const history = batchOf(0, HOUR_MS, [wave]);
    const fitted = await arima.fit(history, day);
    const { point } = await fitted.forecast(history, day);
    const errorOf = (forecast: (h: number) => number): number =>
      point.reduce((sum, _, h) => sum + Math.abs(forecast(h) - wave[HOURS + h]), 0);
    expect(errorOf((h) => point[h])).toBeLessThan(0.3 * errorOf(() => wave[HOURS - 1]));
    expect(fitted).toBeInstanceOf(FittedArima);
  });

  it('keeps quantiles in order, the median as the point, and all inside the bounds', async () => {
    const history = batchOf(0, HOUR_MS, rows(9));
    const fitted = await arima.fit(history, day);
    const batch = await fitted.forecast(history, { ...day, bounds: { lower: 19, upper: 24 } });
    const at = (r: number, q: number, h: number): number => batch.quantiles[(r * 9 + q) * 24 + h];
    for (let r = 0; r < 9; r += 1) {
      for (let h = 0; h < 24; h += 1) {
        expect(at(r, 4, h)).toBe(batch.point[r * 24 + h]);
        for (let q = 1; q < 9; q += 1) expect(at(r, q, h)).toBeGreaterThanOrEqual(at(r, q - 1, h));
        expect(at(r, 0, h)).toBeGreaterThanOrEqual(19);
        expect(at(r, 8, h)).toBeLessThanOrEqual(24);
      }
    }
  });

  it('forecasts from a later end without a new fit, and reads nothing beyond it', async () => {
    const list = rows(4);
    const history = batchOf(0, HOUR_MS, list);
    const fitted = await arima.fit(history, { end: HOURS - 72, seasonLength: 24 });
    const later = { ...day, end: HOURS - 24 };
    const blind = batchOf(
      0,
      HOUR_MS,
      list.map((row) => row.map((value, t) => (t >= later.end ? 1e6 : value))),
    );
    const a = await fitted.forecast(history, later);
    expect(await fitted.forecast(blind, later)).toEqual(a);
    const same = await arima.fit(blind, { end: HOURS - 72, seasonLength: 24 });
    expect(same.save()).toEqual(fitted.save());
  });

  it('abstains with a reason and the last value on what it cannot model', async () => {
    const row = generatedRow(4, 0, HOURS);
    const history = batchOf(0, HOUR_MS, [
      row.map(() => Number.NaN),
      withHole(row, 0, HOURS - 30),
      row.map(() => 7),
      row,
    ]);
    const fitted = await arima.fit(history, day);
    const batch = await fitted.forecast(history, day);
    expect([0, 1, 2].map((r) => statusOf(batch, r))).toEqual([
      'abstained',
      'abstained',
      'degenerate',
    ]);
    expect(batch.abstentions.get(0)?.reason).toBe('no value is known');
    expect(batch.abstentions.get(1)).toEqual({
      reason: '30 known values; 62 are needed',
      fallback: 'naive',
    });
    expect(batch.abstentions.has(3)).toBe(false);
    const first = (r: number): number => batch.point[r * 24 + 11];
    expect([first(0), first(1), first(2)]).toEqual([0, row[HOURS - 1], 7]);
    expect(batch.quantiles.every(Number.isFinite)).toBe(true);
  });

  it('follows a day of 288 steps by Fourier terms, where the season foretells', async () => {
    const steps = 288 * 15;
    const wave = Float64Array.from({ length: steps }, (_, t) => {
      return 30 + 20 * Math.sin((2 * Math.PI * t) / 288) + normal(3, t);
    });
    const holes = wave.map((value, t) =>
      t % 97 < 9 || (t > 1000 && t < 1372) ? Number.NaN : value,
    );
    const history = batchOf(0, 300_000, [wave, holes]);
    const request = { ...day, end: steps - 288, seasonLength: 288, horizon: 288 };
    const batch = await (await arima.fit(history, request)).forecast(history, request);
    for (const r of [0, 1]) {
      let error = 0;
      for (let h = 0; h < 288; h += 1)
        error += Math.abs(batch.point[r * 288 + h] - wave[steps - 288 + h]);
      expect(error / 288).toBeLessThan(2.5);
    }
    const fitted = await arima.fit(history, request);
    const loaded = arima.load(fitted.save());
    expect(await loaded.forecast(history, request)).toEqual(
      await fitted.forecast(history, request),
    );
  });

  it('does not care about unit and level, nor about the order of rows', async () => {
    const list = rows(6);
    const moved = list.map((row) => row.map((value) => 4 * value - 32)).toReversed();
    const [a, b] = await Promise.all(
      [list, moved].map(async (own) => {
        const history = batchOf(0, HOUR_MS, own);
        return (await arima.fit(history, day)).forecast(history, day);
      }),
    );
    for (let r = 0; r < 6; r += 1) {
      for (let h = 0; h < 24; h += 1) {
        const expected = 4 * a.point[r * 24 + h] - 32;
        expect(b.point[(5 - r) * 24 + h]).toBeCloseTo(expected, 1);
      }
    }
  });

  it('survives a 25-hour day, a hole of 31 hours, and a level shift at the last point', async () => {
    const row = generatedRow(9, 2, HOURS);
    const longDay = Float64Array.from(row, (_, t) => row[t < 200 ? t : t - 1]);
    const shifted = row.map((value, t) => (t === HOURS - 1 ? value + 60 : value));
    const list = [longDay, withHole(row, 300, 331), withHole(row, HOURS - 31, HOURS), shifted];
    const history = batchOf(0, HOUR_MS, list);
    const batch = await (await arima.fit(history, day)).forecast(history, day);
    expect(batch.point.every((value) => value > -50 && value < 150)).toBe(true);
    expect(batch.status.every((status) => status <= 1)).toBe(true);
  });

  it('saves and loads itself, bit for bit', async () => {
    const history = batchOf(0, HOUR_MS, [...rows(3), new Float64Array(HOURS)]);
    const fitted = await arima.fit(history, day);
    const loaded = arima.load(fitted.save());
    expect(loaded.save()).toEqual(fitted.save());
    expect(await loaded.forecast(history, day)).toEqual(await fitted.forecast(history, day));
  });

  it('refuses a damaged state and says what is wrong', async () => {
    const state = (await arima.fit(batchOf(0, HOUR_MS, rows(2)), day)).save();
    const damages: readonly (readonly [Uint8Array, RegExp])[] = [
      [new Uint8Array(3), /3 bytes/],
      [state.with(0, 1), /mark/],
      [state.with(4, 9), /version 9/],
      [state.slice(0, -1), /expected/],
      [state.with(40, state[40] ^ 1), /checksum/],
    ];
    for (const [bytes, words] of damages) {
      expect(() => arima.load(bytes)).toThrow(
        expect.objectContaining({
          code: 'MODEL_STATE_INVALID',
          message: expect.stringMatching(words),
        }),
      );
    }
  });

  it('forecasts nothing for no rows', async () => {
    const history = batchOf(0, HOUR_MS, []);
    const empty = { ...day, end: 0 };
    const batch = await (await arima.fit(history, empty)).forecast(history, empty);
    expect(batch.point).toHaveLength(0);
  });
});
