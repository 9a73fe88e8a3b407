// Windows ranked by what past nights taught: batch jobs are avoided, nothing is seen ahead, nothing is NaN.
import fc from 'fast-check';
import { batchOf, normal, uniform, type SeriesBatch } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import { learnStarts, quietest, rankStarts, type NightForecast } from '../../../src/migration';
import { loadSums } from '../../../src/migration/windows/learned/day-loads';
import {
  START_FEATURE_COUNT,
  START_FEATURES,
  StartFeatures,
} from '../../../src/migration/windows/learned/start-features';
import { futureReplaced, scaled } from '../../models/series-lab';

const kernels = openKernels('auto');
const DAY = 24;
const LENGTH = 2;
const HOUR_MS = 3_600_000;
const DAYS = 40;

/** A quiet valley at 3 h, in which a batch job runs on every other night at an hour of the VM's own. */
function fleet(rowCount: number): SeriesBatch {
  const rows = Array.from({ length: rowCount }, (_, row) =>
    Float64Array.from({ length: DAYS * DAY }, (__, at) => {
      const hour = at % DAY;
      const night = Math.floor(at / DAY);
      const wave = 20 - 12 * Math.cos((2 * Math.PI * (hour - 15)) / DAY);
      const valley = hour >= 2 && hour < 6 ? -4 : 0;
      const job = hour === 2 + (row % 3) && (night + row) % 2 === 0 ? 60 : 0;
      return Math.max(0, wave + valley + job + 0.5 * normal(3, row, at));
    }),
  );
  return batchOf(0, HOUR_MS, rows);
}

const history = fleet(24);
const END = (DAYS - 1) * DAY;

const flat = (): NightForecast => {
  const values = new Float64Array(DAY).fill(10);
  return { mean: values, median: values };
};

function known(batch: SeriesBatch, end = END): SeriesBatch {
  const rows = Array.from({ length: batch.seriesCount }, (_, row) =>
    batch.values.subarray(row * batch.length, row * batch.length + end),
  );
  return batchOf(batch.startMs, batch.stepMs, rows);
}

const lesson = { stepsPerDay: DAY, length: LENGTH, seed: 1, rowsMax: 8_000 };

async function rank(
  batch: SeriesBatch,
  forecastOf: (series: number) => NightForecast = flat,
): Promise<readonly (readonly number[])[]> {
  const sources = [{ history: batch, end: END }];
  const model = await learnStarts(kernels, { ...lesson, sources });
  const about = { stepsPerDay: DAY, length: LENGTH, model, kernels, forecastOf };
  return rankStarts({ history: known(batch), ...about });
}

function loadOf(batch: SeriesBatch, series: number, start: number): number {
  const from = series * batch.length + END + start;
  return (batch.values[from] + batch.values[from + 1]) / 2;
}

describe('learned windows', () => {
  it('lie where past nights were quiet, not where a batch job runs', async () => {
    const ranked = await rank(history);
    let chosen = 0;
    let least = 0;
    let random = 0;
    ranked.forEach(([start], series) => {
      const loads = Array.from({ length: DAY - 1 }, (_, s) => loadOf(history, series, s));
      chosen += loads[start];
      least += Math.min(...loads);
      random += loads.reduce((sum, load) => sum + load, 0) / loads.length;
    });
    expect((chosen - least) / (random - least)).toBeLessThan(0.15);
  });

  it('are three a night, inside it, and do not overlap', async () => {
    for (const starts of await rank(history)) {
      expect(starts).toHaveLength(3);
      for (const start of starts) expect(start).toBeGreaterThanOrEqual(0);
      for (const start of starts) expect(start).toBeLessThanOrEqual(DAY - LENGTH);
      const sorted = starts.toSorted((a, b) => a - b);
      expect(sorted[1] - sorted[0]).toBeGreaterThanOrEqual(LENGTH);
      expect(sorted[2] - sorted[1]).toBeGreaterThanOrEqual(LENGTH);
    }
  });

  it('are the same whatever comes at and after the cutoff', async () => {
    const wanted = await rank(history);
    for (const value of [1e6, Number.NaN]) {
      expect(await rank(futureReplaced(history, END, value))).toEqual(wanted);
    }
  });

  it('are the same when every load is four times as high', async () => {
    expect(await rank(scaled(history, 4))).toEqual(await rank(history));
  });

  it('follow the forecast where there are too few nights to learn from', async () => {
    const young = known(history, 2 * DAY);
    const sources = [{ history: young, end: young.length }];
    const model = await learnStarts(kernels, { ...lesson, sources });
    expect(model.trees).toBeUndefined();
    const values = Float64Array.from({ length: DAY }, (_, at) => (at === 9 || at === 10 ? 1 : 5));
    const forecastOf = (): NightForecast => ({ mean: values, median: values, high: values });
    const about = { stepsPerDay: DAY, length: LENGTH, model, kernels, forecastOf };
    for (const [first] of await rankStarts({ history: young, ...about })) expect(first).toBe(9);
  });

  it('are named for every VM, whatever its history is', async () => {
    const row = (of: (at: number) => number): Float64Array =>
      Float64Array.from({ length: DAYS * DAY }, (_, at) => of(at));
    const odd = batchOf(0, HOUR_MS, [
      row(() => Number.NaN),
      row(() => 0),
      row(() => 42),
      row(() => 1e30),
      row((at) => (at > END - 30 ? 5 : Number.NaN)),
      row((at) => (at % 3 === 0 ? Infinity : 2)),
    ]);
    for (const starts of await rank(odd)) expect(starts).toHaveLength(3);
    expect(await rank(batchOf(0, HOUR_MS, []))).toEqual([]);
  });
});

describe('the features of a start', () => {
  it('are as many as their names, and finite', () => {
    const sums = loadSums(history.values.subarray(0, END));
    const view = new StartFeatures(sums, END, DAY, LENGTH, history);
    const none = { byUnit: new Float64Array(DAY), byLevel: new Float64Array(DAY) };
    const out = new Float32Array(START_FEATURE_COUNT + 1).fill(-99);
    view.fill(5, none, view.halves(none), out, 0);
    expect(START_FEATURES).toHaveLength(START_FEATURE_COUNT);
    expect(out.subarray(0, START_FEATURE_COUNT).every(Number.isFinite)).toBe(true);
    expect(out[START_FEATURE_COUNT]).toBe(-99);
    expect(out[START_FEATURE_COUNT - 4]).toBe(5); // hours ahead
    expect(out[START_FEATURE_COUNT - 3]).toBe(5); // END is midnight
  });

  it('measure loads from the mean of their day, the mean gap of a week being one unit', () => {
    const sums = loadSums(history.values.subarray(0, END));
    const { days } = new StartFeatures(sums, END, DAY, LENGTH, history);
    expect(days.dayCount).toBe(14);
    let gaps = 0;
    for (let day = 0; day < 7; day += 1) {
      const loads = days.loads.subarray(day * days.startCount, (day + 1) * days.startCount);
      gaps += loads.reduce((sum, load) => sum + load, 0) / loads.length - Math.min(...loads);
    }
    expect(gaps / 7).toBeGreaterThan(0.9); // the floor takes the rest
    expect(gaps / 7).toBeLessThan(1);
  });
});

describe('quietest', () => {
  it('is the greedy choice, the earliest of equals', () => {
    expect(quietest(Float64Array.from([3, 1, 1, 5, 1, 9]), 2, 3)).toEqual([1, 4]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        (size, length) => {
          const loads = Float64Array.from({ length: size }, (_, at) => uniform(size, at));
          const starts = quietest(loads, length, 3);
          expect(loads[starts[0]]).toBe(Math.min(...loads));
          starts.forEach((start, at) => {
            for (const other of starts.slice(0, at)) {
              expect(Math.abs(other - start)).toBeGreaterThanOrEqual(length);
              expect(loads[other]).toBeLessThanOrEqual(loads[start]);
            }
          });
        },
      ),
    );
  });
});
