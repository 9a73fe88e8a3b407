// The LSTM of a fleet: what it must keep whatever it learns.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { batchOf, QUANTILE_LEVELS, seriesAt, uniform, type SeriesBatch } from '../../../src/core';
import { openKernels, profileOf, RowFeatures } from '../../../src/kernels';
import {
  decodeTensors,
  FIT_STATUSES,
  LstmForecaster,
  type Checkpoint,
  type FittedLstm,
  type ForecastBatch,
} from '../../../src/models';
import {
  fillWindow,
  INPUT_COUNT,
  STEPS,
  WINDOW_SIZE,
} from '../../../src/models/lstm/window-inputs';
import { WeekWaves } from '../../../src/models/lstm/week-waves';
import { describeWithPython, runPython } from '../../python';
import { futureReplaced, permuted, scaled, waves as wavesOf } from '../series-lab';

const kernels = openKernels('auto');
const HORIZON = 24;
const ROWS = 9;
const END = 456;
const history = wavesOf(ROWS, 480);

function forecasterOf(more: object = {}): LstmForecaster {
  const settings = { stepsPerDay: 24, horizon: HORIZON, windowsMax: 4_000, ...more };
  return new LstmForecaster(kernels, settings);
}

async function fitOf(batch: SeriesBatch, more: object = {}): Promise<FittedLstm> {
  const request = { end: END, seasonLength: 24, seed: 3, ...more };
  return (await forecasterOf().fit(batch, request)) as FittedLstm;
}

function forecastOf(
  fitted: FittedLstm,
  batch: SeriesBatch,
  more: object = {},
): Promise<ForecastBatch> {
  const request = { end: END, seasonLength: 24, horizon: HORIZON, levels: QUANTILE_LEVELS };
  return fitted.forecast(batch, { ...request, ...more });
}

describe('the LSTM', () => {
  let fitted: FittedLstm;
  let known: ForecastBatch;

  beforeAll(async () => {
    fitted = await fitOf(history);
    known = await forecastOf(fitted, history);
  });

  it('forecasts a daily wave better than its level does', () => {
    let own = 0;
    let level = 0;
    for (let row = 2; row < ROWS; row += 3) {
      for (let lead = 0; lead < 24; lead += 1) {
        const actual = history.values[row * 480 + END + lead];
        if (Number.isNaN(actual)) continue;
        own += Math.abs(actual - known.point[row * HORIZON + lead]);
        level += Math.abs(actual - history.values[row * 480 + END - 2]);
      }
    }
    expect(own).toBeLessThan(0.6 * level);
  });

  it('learns and forecasts the same bits whatever comes at and after the end', async () => {
    for (const value of [1e6, Number.NaN]) {
      const replaced = futureReplaced(history, END, value);
      expect(await forecastOf(await fitOf(replaced), replaced)).toEqual(known);
    }
  });

  it('scales with the fleet, bit for bit', async () => {
    const larger = scaled(history, 4);
    const again = await forecastOf(await fitOf(larger), larger);
    expect(again.quantiles).toEqual(known.quantiles.map((value) => 4 * value));
  });

  it('says the same of a row wherever it stands, and whatever its neighbours are', async () => {
    const order = [3, 1, 0, 2, 8, 5, 4, 7, 6];
    const moved = await forecastOf(fitted, permuted(history, order));
    const poisoned = { ...history, values: history.values.slice() };
    poisoned.values.fill(1e30, 480, 960);
    const beside = await forecastOf(fitted, poisoned);
    const row = (batch: ForecastBatch, at: number): Float64Array =>
      batch.quantiles.subarray(at * 9 * HORIZON, (at + 1) * 9 * HORIZON);
    order.forEach((from, to) => expect(row(moved, to)).toEqual(row(known, from)));
    [0, 2, 3, 8].forEach((at) => expect(row(beside, at)).toEqual(row(known, at)));
  });

  it('gives quantiles that rise, inside the bounds, the median as the point', async () => {
    const bounds = { lower: 0, upper: 24 };
    const batch = await forecastOf(fitted, history, { bounds });
    for (let cell = 0; cell < ROWS * HORIZON; cell += 1) {
      const row = Math.floor(cell / HORIZON);
      const own = QUANTILE_LEVELS.map(
        (_, level) => batch.quantiles[(row * 9 + level) * HORIZON + (cell % HORIZON)],
      );
      expect(own).toEqual(own.toSorted((a, b) => a - b));
      expect(own[0]).toBeGreaterThanOrEqual(0);
      expect(own[8]).toBeLessThanOrEqual(24);
      expect(batch.point[cell]).toBe(own[4]);
    }
  });

  it('forecasts fewer leads than it was trained for as the first of them', async () => {
    const few = await forecastOf(fitted, history, { horizon: 7 });
    for (let row = 0; row < ROWS; row += 1) {
      expect(few.point.subarray(row * 7, (row + 1) * 7)).toEqual(
        known.point.subarray(row * HORIZON, row * HORIZON + 7),
      );
    }
  });

  it('comes back from its state with the same forecast', async () => {
    const loaded = forecasterOf().load(fitted.save()) as FittedLstm;
    expect(await forecastOf(loaded, history)).toEqual(known);
  });

  it('loses little in bytes', async () => {
    const exact = forecasterOf({ arithmetic: 'float32' }).load(fitted.save()) as FittedLstm;
    const batch = await forecastOf(exact, history);
    const apart = batch.point.map((value, at) => Math.abs(value - known.point[at]));
    expect(apart.reduce((sum, one) => sum + one, 0) / apart.length).toBeLessThan(0.15);
  });

  it('differs with the seed and repeats with it', async () => {
    expect((await fitOf(history)).save()).toEqual(fitted.save());
    expect((await fitOf(history, { seed: 4 })).save()).not.toEqual(fitted.save());
  });

  it('learns from teachers alone when told so', async () => {
    const teacher = { ...history, length: END, values: new Float64Array(ROWS * END) };
    for (let row = 0; row < ROWS; row += 1) {
      teacher.values.set(seriesAt(history, row).values.subarray(0, END), row * END);
    }
    const flat = batchOf(0, 3_600_000, [new Float64Array(END).fill(1)]);
    const taught = await fitOf(flat, { teachers: [teacher], teachersOnly: true });
    expect(taught.save()).toEqual(fitted.save());
  });

  it('goes on from a checkpoint and ends with the same bits', async () => {
    const written: Uint8Array[] = [];
    const checkpoint: Checkpoint = {
      read: () => Promise.resolve(written.at(-1)),
      write: (bytes) => Promise.resolve(void written.push(bytes)),
    };
    const settings = { windowsMax: 12_000 };
    const request = { end: END, seasonLength: 24, seed: 3 };
    const whole = await forecasterOf(settings).fit(history, { ...request, checkpoint });
    expect(written).toHaveLength(1);
    const resumed = await forecasterOf(settings).fit(history, { ...request, checkpoint });
    expect(resumed.save()).toEqual(whole.save());
    const other = forecasterOf(settings).fit(history, { ...request, seed: 4, checkpoint });
    await expect(other).rejects.toThrow(/is of a training on other data/);
  });

  it('refuses a horizon beyond what was trained', async () => {
    await expect(forecastOf(fitted, history, { horizon: 25 })).rejects.toThrow(
      "model 'lstm' was trained for 24 steps; 25 are asked for",
    );
  });

  it('abstains with a reason where there is too little', async () => {
    const nothing = new Float64Array(480).fill(NaN);
    const young = nothing.map((_, at) => (at >= END - 20 ? 5 : NaN));
    const batch = await forecastOf(fitted, batchOf(0, 3_600_000, [nothing, young]));
    expect([...batch.status]).toEqual(Array(2).fill(FIT_STATUSES.indexOf('abstained')));
    expect(batch.abstentions.get(0)).toEqual({ reason: 'no known value', fallback: 'zero' });
    expect(batch.abstentions.get(1)?.reason).toBe('20 bins since its first value; 48 are needed');
    expect(batch.point[HORIZON]).toBe(5);
    const alone = await fitOf(batchOf(0, 3_600_000, [young]));
    const stand = await forecastOf(alone, history);
    expect(stand.abstentions.get(0)?.reason).toBe('too few series to learn from; 8 are needed');
    expect((forecasterOf().load(alone.save()) as FittedLstm).state.weights).toBeUndefined();
  });

  it('never says NaN, whatever the history is', async () => {
    const column = (of: (at: number) => number): Float64Array =>
      Float64Array.from({ length: 480 }, (_, at) => of(at));
    const odd = batchOf(0, 3_600_000, [
      column(() => 0),
      column(() => 42),
      column((at) => at % 2),
      column(() => 1e30),
      column((at) => (at === END - 1 ? 100 : 1)),
      column((at) => (at > 300 && at < 331 ? NaN : at % 24)),
      column((at) => (at < END - 60 ? NaN : 3)),
      column((at) => (at % 3 === 0 ? Infinity : 2)),
      column((at) => (at > 200 ? NaN : 7)),
    ]);
    for (const model of [fitted, await fitOf(odd)]) {
      const batch = await forecastOf(model, odd);
      expect(batch.quantiles.every(Number.isFinite)).toBe(true);
      expect(batch.mean.every(Number.isFinite)).toBe(true);
    }
  });

  it('keeps its inputs within one, at five minutes too', () => {
    const fine = wavesOf(2, 12 * 480, 288);
    const values = seriesAt(fine, 1).values;
    const profile = profileOf(values, 12, 288);
    const features = new RowFeatures(profile, 'blend', fine);
    const out = new Float32Array(WINDOW_SIZE);
    const waves = new WeekWaves(fine);
    fillWindow({ profile, values, features, waves }, 5_000, 288, out, 0);
    expect(out).toHaveLength(STEPS * INPUT_COUNT);
    expect(out.every((x) => x >= -1 && x <= 1)).toBe(true);
    expect(new Set(out).size).toBeGreaterThan(500);
  });

  it('refuses a state with any bit flipped, or cut anywhere', async () => {
    const bytes = (await fitOf(batchOf(0, 3_600_000, [Array(480).fill(1)]))).save();
    const whole = fitted.save();
    fc.assert(
      fc.property(
        fc.constantFrom(bytes, whole),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 0, max: 7 }),
        fc.boolean(),
        (state, share, bit, cut) => {
          const at = Math.floor(share * state.length);
          const bad = cut ? state.slice(0, at) : state.slice();
          if (!cut) bad[at] ^= 1 << bit;
          expect(() => forecasterOf().load(bad)).toThrow(/the state of model 'lstm'/);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describeWithPython('the LSTM as safetensors', () => {
  it('is read by the Python package and forecasts the same in numpy', async () => {
    const fitted = await fitOf(history);
    const folder = mkdtempSync(join(tmpdir(), 'lstm-'));
    try {
      const state = fitted.save();
      const count = 5;
      const inputs = Float32Array.from(
        { length: count * WINDOW_SIZE },
        (_, at) => 2 * uniform(9, at) - 1,
      );
      writeFileSync(join(folder, 'model.safetensors'), state);
      writeFileSync(join(folder, 'windows'), new Uint8Array(inputs.buffer));
      const args = [join(folder, 'model.safetensors'), join(folder, 'windows'), String(count)];
      const wanted = JSON.parse(runPython('lstm_forward.py', args)) as number[];
      const { weights } = fitted.state;
      const windows = { inputs, windowCount: count, stepCount: STEPS };
      const got = weights && (await kernels.lstm.predict(weights, windows));
      expect(got).toHaveLength(wanted.length);
      got?.forEach((value, at) => expect(Math.abs(value - wanted[at])).toBeLessThan(1e-5));
      expect(decodeTensors('lstm', state).tensors.get('head.bias')?.shape).toEqual([9 * HORIZON]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
