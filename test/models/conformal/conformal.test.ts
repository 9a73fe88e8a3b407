import fc from 'fast-check';
import { QUANTILE_LEVELS, seriesAt, type SeriesBatch } from '../../../src/core';
import {
  calibrateForecast,
  learnNight,
  openCalibration,
  type Calibration,
  type ForecastBatch,
} from '../../../src/models';

const LEVELS = [...QUANTILE_LEVELS];
const BLOCKS = [
  { from: 1, to: 1 },
  { from: 2, to: 4 },
];
const HORIZON = 4;

/** Each series the same quantiles at every lead. */
function forecastOf(rows: readonly (readonly number[])[]): ForecastBatch {
  const quantiles = new Float64Array(rows.length * LEVELS.length * HORIZON);
  rows.forEach((row, series) =>
    row.forEach((value, level) => {
      const from = (series * LEVELS.length + level) * HORIZON;
      quantiles.fill(value, from, from + HORIZON);
    }),
  );
  return {
    seriesCount: rows.length,
    horizon: HORIZON,
    levels: LEVELS,
    point: new Float64Array(rows.length * HORIZON),
    mean: new Float64Array(rows.length * HORIZON),
    quantiles,
    status: new Uint8Array(rows.length),
    abstentions: new Map(),
  };
}

function historyOf(rows: readonly (readonly number[])[]): SeriesBatch {
  const length = rows[0].length;
  const values = Float64Array.from(rows.flat());
  return { startMs: 0, stepMs: 3_600_000, seriesCount: rows.length, length, values };
}

const open = (seriesCount: number): Calibration =>
  openCalibration({ seriesCount, blocks: BLOCKS, levels: LEVELS });

const quantilesAt = (forecast: ForecastBatch, series: number, lead: number): number[] =>
  LEVELS.map((_, level) => forecast.quantiles[(series * LEVELS.length + level) * HORIZON + lead]);

const NORMAL = [-2.33, -1.64, -1.28, -0.67, 0, 0.67, 1.28, 1.64, 2.33].map((z) => 50 + z);

/** Share of the values of 200 nights between the 5th and the 95th percentile. */
function coverage(forecast: ForecastBatch, truth: (night: number, lead: number) => number): number {
  let inside = 0;
  for (let night = 400; night < 600; night += 1) {
    for (let lead = 0; lead < HORIZON; lead += 1) {
      const row = quantilesAt(forecast, 0, lead);
      if (truth(night, lead) >= row[1] && truth(night, lead) <= row[7]) inside += 1;
    }
  }
  return inside / (200 * HORIZON);
}

describe('quantiles corrected by how often they were right', () => {
  it('are as forecast where nothing was learned', () => {
    const forecast = forecastOf([NORMAL]);
    expect(calibrateForecast(forecast, open(1)).quantiles).toEqual(forecast.quantiles);
  });

  it('of a forecast far too narrow come to cover what they should', () => {
    const truth = (night: number, lead: number): number =>
      50 + 6 * Math.sin(7.1 * (night * HORIZON + lead + 1)) ** 3;
    const narrow = forecastOf([NORMAL]);
    let calibration = open(1);
    let inside = 0;
    for (let night = 0; night < 600; night += 1) {
      const forecast = calibrateForecast(narrow, calibration);
      const came = Array.from({ length: HORIZON }, (_, lead) => truth(night, lead));
      calibration = learnNight(calibration, forecast, historyOf([came]), HORIZON, 0);
      if (night < 400) continue;
      came.forEach((value, lead) => {
        const row = quantilesAt(forecast, 0, lead);
        if (value >= row[1] && value <= row[7]) inside += 1;
      });
    }
    expect(coverage(narrow, truth)).toBeLessThan(0.5);
    expect(inside / (200 * HORIZON)).toBeGreaterThan(0.8);
    expect(inside / (200 * HORIZON)).toBeLessThan(0.97);
    expect(calibration.own.every((shift) => Math.abs(shift) <= 4)).toBe(true);
  });

  it('move up where values lie above them, and not where values equal them or are missing', () => {
    const forecast = forecastOf([NORMAL, NORMAL.map(() => 7), NORMAL]);
    const high = [99, 99, 99, 99];
    const history = historyOf([high, [7, 7, 7, 7], high.map(() => Number.NaN)]);
    const { own } = learnNight(open(3), forecast, history, HORIZON, 0);
    const cells = BLOCKS.length * LEVELS.length;
    expect([...own.subarray(0, cells)].every((shift) => shift > 0)).toBe(true);
    expect([...own.subarray(cells)].every((shift) => shift === 0)).toBe(true);
  });

  it('learn a block once, when the whole of it is known', () => {
    const forecast = forecastOf([NORMAL]);
    const learn = (known: number, learned: number): number[] => {
      const history = historyOf([Array.from({ length: known }, () => 99)]);
      const { fleet } = learnNight(open(1), forecast, history, known, learned);
      return BLOCKS.map((_, block) => fleet[block * LEVELS.length]);
    };
    expect(learn(3, 0)).toEqual([0.01, 0]);
    expect(learn(4, 3)).toEqual([0, 0.01]);
    expect(learn(4, 0)).toEqual([0.01, 0.01]);
    expect(learn(4, 4)).toEqual([0, 0]);
  });

  const shifts = fc
    .array(fc.integer({ min: -400, max: 400 }), {
      minLength: 2 * LEVELS.length * BLOCKS.length,
      maxLength: 2 * LEVELS.length * BLOCKS.length,
    })
    .map((all) => all.map((hundredths) => hundredths / 100));
  const rows = fc
    .array(fc.integer({ min: 0, max: 40_000 }), { minLength: 9, maxLength: 9 })
    .map((row) => row.toSorted((a, b) => a - b).map((centi) => centi / 100));

  it('never cross, never move the median, and keep the bounds', () => {
    fc.assert(
      fc.property(rows, shifts, (row, shift) => {
        const calibration = { ...open(1), own: Float64Array.from(shift.slice(0, 18)) };
        calibration.fleet.set(shift.slice(18));
        const bounds = { lower: 0, upper: 400 };
        const after = calibrateForecast(forecastOf([row]), calibration, bounds);
        for (let lead = 0; lead < HORIZON; lead += 1) {
          const got = quantilesAt(after, 0, lead);
          expect(got[4]).toBe(row[4]);
          expect(got).toEqual(got.toSorted((a, b) => a - b));
          expect(got[0]).toBeGreaterThanOrEqual(0);
          expect(got[8]).toBeLessThanOrEqual(400);
          expect(after.mean[lead]).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });

  it('scale with the series, and do not depend on neighbours beyond what the fleet shares', () => {
    fc.assert(
      fc.property(rows, rows, shifts, (row, other, shift) => {
        const calibration = { ...open(2), own: Float64Array.from(shift) };
        const one = calibrateForecast(forecastOf([row, other]), calibration);
        const two = calibrateForecast(forecastOf([row.map((v) => 4 * v), row]), calibration);
        expect(quantilesAt(two, 0, 1)).toEqual(quantilesAt(one, 0, 1).map((v) => 4 * v));
      }),
    );
  });

  it('are told apart by series, each from its own past', () => {
    const history = historyOf([
      [99, 99, 99, 99],
      [1, 1, 1, 1],
    ]);
    const { own } = learnNight(open(2), forecastOf([NORMAL, NORMAL]), history, HORIZON, 0);
    const cells = BLOCKS.length * LEVELS.length;
    expect(own[0]).toBeGreaterThan(0);
    expect(own[cells]).toBeLessThan(0);
    expect(seriesAt(history, 1).values[0]).toBe(1);
  });
});
