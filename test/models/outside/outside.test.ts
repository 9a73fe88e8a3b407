// Models from outside: real programs that answer well, and that fail in every way that programs do.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandProcess, findProgram } from '../../../src/adapters/process';
import { batchOf, QUANTILE_LEVELS, type SeriesBatch } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import { createBaseline, FIT_STATUSES, OutsideForecaster } from '../../../src/models';
import type { ForecastBatch, ForecastRequest } from '../../../src/models';
import { describeWithPython } from '../../python';
import { futureReplaced, permuted, waves } from '../series-lab';

const PROGRAM = join(__dirname, 'outside-program.cjs');
const EXAMPLE = join(__dirname, '../../../examples/outside-model-python/forecaster.py');
const rules = openKernels('auto').rules;
const BOUNDS = { secondsMax: 20, memoryBytesMax: 1 << 30 };
const history = waves(3, 240);
const request: ForecastRequest = {
  end: 240,
  seasonLength: 24,
  horizon: 6,
  levels: QUANTILE_LEVELS,
  bounds: { lower: 0, upper: 400 },
};

function modelOf(words: readonly string[], bounds = BOUNDS): OutsideForecaster {
  return new OutsideForecaster('mine', new CommandProcess(words, bounds), rules);
}

function forecastBy(manner: string, about = request, batch = history): Promise<ForecastBatch> {
  return modelOf([process.execPath, PROGRAM, manner]).forecast(batch, about);
}

/** The rows that abstained have the bits of `naive`. */
async function expectNaive(batch: ForecastBatch, rows: readonly number[]): Promise<void> {
  expect([...batch.abstentions.keys()]).toEqual(rows);
  const naive = await createBaseline('naive', rules).forecast(history, request);
  const width = batch.levels.length * batch.horizon;
  for (const row of rows) {
    const own = batch.quantiles.subarray(row * width, (row + 1) * width);
    expect(own).toEqual(naive.quantiles.subarray(row * width, (row + 1) * width));
    expect(FIT_STATUSES[batch.status[row]]).toBe('abstained');
    expect(batch.abstentions.get(row)?.fallback).toBe('naive');
  }
}

function reasonOf(batch: ForecastBatch, row: number): string | undefined {
  return batch.abstentions.get(row)?.reason;
}

describe('a model from outside', () => {
  it('gives mean and quantiles of every row, and the median as its point', async () => {
    const batch = await forecastBy('good');
    expect([...batch.abstentions.values()]).toEqual([]);
    expect([...batch.mean]).toEqual(Array(18).fill(5));
    expect([...batch.point]).toEqual(Array(18).fill(9));
    expect([...batch.quantiles.subarray(0, 7)]).toEqual([5, 5, 5, 5, 5, 5, 6]);
  });

  it('is kept inside the bounds', async () => {
    const batch = await forecastBy('good', { ...request, bounds: { lower: 0, upper: 7 } });
    expect(Math.max(...batch.quantiles)).toBe(7);
  });

  it('sees no value at or after the end', async () => {
    const about = { ...request, end: 200 };
    const whole = await forecastBy('last', about);
    expect(await forecastBy('last', about, futureReplaced(history, 200, 399))).toEqual(whole);
  });

  it('has the same bits for a row in any order of rows', async () => {
    const turned = await forecastBy('last', request, permuted(history, [2, 0, 1]));
    const batch = await forecastBy('last');
    expect(turned.mean.subarray(0, 6)).toEqual(batch.mean.subarray(12, 18));
  });

  it.each([
    ['crash', "'mine' ended with exit code 3: out of coffee"],
    ['garbage', "'mine' its answer is no Arrow stream"],
    ['silent', "'mine' answered nothing"],
    ['half', "'mine' its answer"],
    ['version', "'mine' its answer has version '2' in 'slackwater.outside'; '1' is accepted"],
    ['lacking', "'mine' its answer has no column 'q99'"],
    ['short', "'mine' its answer has 'FixedSizeList[5]<Float64>' in 'mean'"],
    ['stranger', "'mine' its answer has row 3; 0 to 2 were asked for"],
    ['flood', "'mine' answered more than"],
  ])('leaves all rows of a shard to naive after: %s', async (manner, reason) => {
    const batch = await forecastBy(manner);
    await expectNaive(batch, [0, 1, 2]);
    expect(reasonOf(batch, 0)).toContain(reason);
  });

  it.each([
    ['nan', 1, "'mine' has NaN in 'q50'"],
    ['crossing', 0, "'mine' has 'q90' below 'q75'"],
    ['missing', 0, "'mine' gave no forecast for the row"],
  ])('leaves one row to naive for: %s', async (manner, row, reason) => {
    const batch = await forecastBy(manner);
    await expectNaive(batch, [row]);
    expect(reasonOf(batch, row)).toBe(reason);
    expect(batch.mean[12]).toBe(5);
  });

  it('does not believe a row that is answered twice, nor one that is not', async () => {
    const batch = await forecastBy('twice');
    expect(batch.abstentions.size).toBe(2);
    expect(reasonOf(batch, 0)).toBe("'mine' gave no forecast for the row");
    expect(reasonOf(batch, 2)).toBe("'mine' answered the row twice");
  });

  it('is killed at its deadline, with what it started', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'outside-')), 'pids');
    const words = [process.execPath, PROGRAM, 'hang', file];
    const batch = await modelOf(words, { ...BOUNDS, secondsMax: 2 }).forecast(history, request);
    await expectNaive(batch, [0, 1, 2]);
    expect(reasonOf(batch, 0)).toBe("'mine' did not answer within 2 s");
    for (const pid of readFileSync(file, 'utf8').split(' ').map(Number)) {
      const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : '';
      expect(stat === '' || / Z /.test(stat)).toBe(true); // gone, or dead and not yet collected
    }
  });

  it('loses one shard of 500 rows by a crash, and no other', async () => {
    const rows = Array.from({ length: 501 }, (_, row) => [1, 2, row === 500 ? 7 : 3]);
    const batch = await forecastBy(
      'crash-at-7',
      { ...request, end: 3 },
      batchOf(0, 3_600_000, rows),
    );
    expect([...batch.abstentions.keys()]).toEqual([500]);
    expect(reasonOf(batch, 500)).toBe("'mine' ended with exit code 1");
  });

  (findProgram('prlimit') === undefined ? it.skip : it)('is held to its memory', async () => {
    await expectNaive(await forecastBy('memory'), [0, 1, 2]);
  });

  it('does not see the environment of the service', async () => {
    process.env.DATABASE_URL = 'secret';
    const batch = await forecastBy('secret');
    delete process.env.DATABASE_URL;
    expect(reasonOf(batch, 0)).toBe("'mine' ended with exit code 1: undefined");
  });

  it('is not asked about no rows, nor about rows without a value', async () => {
    const empty = batchOf(0, 3_600_000, []);
    expect((await forecastBy('crash', { ...request, end: 0 }, empty)).seriesCount).toBe(0);
    const silent: SeriesBatch = batchOf(0, 3_600_000, [[Number.NaN, Number.NaN]]);
    const batch = await forecastBy('crash', { ...request, end: 2 }, silent);
    expect(batch.abstentions.get(0)).toEqual({ reason: 'no known value', fallback: 'zero' });
    expect([...batch.mean]).toEqual(Array(6).fill(0));
  });

  it('is refused where its command names no program', () => {
    expect(() => modelOf(['no-such-program-anywhere'])).toThrow(/cannot be started/);
  });

  it('is saved by name and protocol, and refuses the state of another', async () => {
    const model = modelOf([process.execPath, PROGRAM, 'good']);
    const state = (await model.fit(history, { end: 240, seasonLength: 24, seed: 9 })).save();
    expect(Buffer.from(model.load(state).save())).toEqual(Buffer.from(state));
    expect(() => model.load(Buffer.from('{"model":"other"}'))).toThrow(/the state is of 'other'/);
    expect(() => model.load(Buffer.from('null'))).toThrow(/the state is of/);
  });
});

describeWithPython('the Python example', (python) => {
  it('forecasts waves better than naive, and leaves a short row out', async () => {
    const model = modelOf([python, EXAMPLE]);
    const batch = waves(6, 384);
    batch.values.fill(Number.NaN, 0, 384 - 60);
    const about = { ...request, end: 360, horizon: 24 };
    const forecast = await model.forecast(batch, about);
    expect([...forecast.abstentions.keys()]).toEqual([0]);
    const naive = await createBaseline('naive', rules).forecast(batch, about);
    const errorOf = ({ mean }: ForecastBatch): number => {
      let sum = 0;
      for (let row = 1; row < 6; row += 1) {
        for (let step = 0; step < 24; step += 1) {
          const actual = batch.values[row * 384 + 360 + step];
          if (!Number.isNaN(actual)) sum += Math.abs(mean[row * 24 + step] - actual);
        }
      }
      return sum;
    };
    expect(errorOf(forecast)).toBeLessThan(0.8 * errorOf(naive));
  });
});
