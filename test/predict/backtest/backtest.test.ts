// Origins, the arithmetic of the scores against plain loops, and no look-ahead.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ManualClock, QUANTILE_LEVELS, type SeriesBatch } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import {
  forecastHeader,
  forecastLines,
  originsOf,
  readM4,
  readPanel,
  referenceOf,
  reportModel,
  runBacktest,
  scoreBlock,
  type BacktestRequest,
  type ModelRun,
  type Panel,
  type Reference,
} from '../../../src/predict';
import { waves } from '../../models/series-lab';

const folder = mkdtempSync(join(tmpdir(), 'backtest-'));

function panelOf(batch: SeriesBatch): Panel {
  const ids = Array.from({ length: batch.seriesCount }, (_, row) => `vm-${row}`);
  const { length, values } = batch;
  return { ids, start: 7_200, step: 3_600, length, values, rejectedLines: 0 };
}

function requestOf(panel: Panel, models: readonly string[], count = 2): BacktestRequest {
  const horizon = 12;
  const origins = originsOf(panel, { origins: count, originStep: 24, horizon, anchor: 'auto' });
  const truth = (series: number, column: number): number =>
    panel.values[series * panel.length + column];
  return {
    panel,
    origins,
    reference: referenceOf(panel, origins, horizon, 24, truth),
    models,
    horizon,
    stepsPerDay: 24,
    levels: QUANTILE_LEVELS,
    percentages: true,
    m4: false,
    kernels: openKernels('auto'),
    clock: new ManualClock(0),
  };
}

async function runsOf(request: BacktestRequest): Promise<ModelRun[]> {
  const runs: ModelRun[] = [];
  for await (const run of runBacktest(request)) runs.push(run);
  return runs;
}

describe('origins', () => {
  const ending = (ends: readonly number[]): Panel => {
    const values = new Float64Array(ends.length * 100).fill(Number.NaN);
    ends.forEach((end, row) => values.fill(1, row * 100, row * 100 + end));
    return { ids: ends.map(String), start: 0, step: 1, length: 100, values, rejectedLines: 0 };
  };
  const request = { origins: 2, originStep: 24, horizon: 6, anchor: 'auto' } as const;

  it('end with the bin at which 90 % of the series end', () => {
    const ends = [90, ...Array<number>(9).fill(95)];
    expect(originsOf(ending(ends), request).anchor).toBe('global');
    expect([...originsOf(ending(ends), request).cutoffs.subarray(0, 4)]).toEqual([65, 89, 65, 89]);
  });

  it("end with each series' own last bin where no such bin exists", () => {
    const { anchor, cutoffs } = originsOf(ending([90, 95, 95]), request);
    expect(anchor).toBe('series');
    expect([...cutoffs]).toEqual([60, 84, 65, 89, 65, 89]);
  });

  it('are one past the end when final is asked for', () => {
    const { cutoffs } = originsOf(ending([90, 95]), { ...request, origins: 'final' });
    expect([...cutoffs]).toEqual([90, 95]);
  });

  it('before the data are refused', () => {
    expect(() => originsOf(ending([90, 90]), { ...request, origins: 5 })).toThrow(/start before/);
  });
});

describe('scores', () => {
  it('of two series and three steps equal plain arithmetic', () => {
    const reference: Reference = {
      seriesCount: 2,
      originCount: 1,
      horizon: 3,
      actual: Float64Array.of(1, 2, 3, 4, Number.NaN, 6),
      naive: Float64Array.of(2, 2, 2, 4, 4, 4),
      seasonalNaive: Float64Array.of(1, 1, 1, 5, 5, 5),
      seasonScale: Float64Array.of(0.5, 0.01),
      stepScale: Float64Array.of(1, 2),
      requested: 5,
    };
    const shifted = (by: number): Float64Array =>
      Float64Array.of(1, 1, 1, 6, 6, 6).map((x) => x + by);
    const scores = scoreBlock(
      {
        point: shifted(0),
        quantiles: [0.05, 0.5, 0.95].map((level) => ({ level, values: shifted(2 * level - 1) })),
      },
      reference,
      1,
      3,
    );
    expect(scores.mae).toBeCloseTo((0 + 1 + 2 + 2 + 0) / 5, 5);
    expect(scores.rmse).toBeCloseTo(Math.sqrt(9 / 5), 5);
    expect(scores.mase).toBeCloseTo(((0 + 2 + 4) / 3 + 1 / 0.05) / 2, 5);
    expect(scores.mase_naive).toBeCloseTo((1 + 0.5) / 2, 5);
    expect(scores.bias).toBeCloseTo((0 - 1 - 2 + 2 + 0) / 5, 5);
    expect(scores.rel).toBeCloseTo(Math.exp((Math.log(1) + Math.log(1.01 / 1.01)) / 2), 5);
    expect(scores.beats_naive).toBe(0);
    expect(scores.below).toEqual({ q05: 0.2, q50: 0.2, q95: 0.6 });
    expect(scores.at_or_below).toEqual({ q05: 0.2, q50: 0.6, q95: 0.6 });
    expect(scores.calibration_gap).toBeCloseTo(0.35, 5);
    expect(scores.cover90).toBeCloseTo(0.4, 5);
    expect(scores.crossed).toBe(0);
    expect(scores.width90).toBeCloseTo(1.8, 5);
  });
});

describe('a backtest', () => {
  const models = ['naive', 'seasonal-naive', 'level-decay', 'arima', 'ensemble'];

  it('is complete, finite, and names each model and its mean', async () => {
    const request = requestOf(panelOf(waves(4, 480)), models);
    for (const run of await runsOf(request)) {
      const reports = reportModel(run, request);
      expect(Object.keys(reports)).toEqual([run.model, `${run.model}-mean`]);
      const { blocks, failures } = reports[run.model];
      expect(Object.keys(blocks)).toEqual(['1-6', '7-12', 'all', '1-12']);
      expect(failures).toEqual({
        missing: 0,
        requested: request.reference.requested,
        complete: true,
      });
      for (const score of Object.values(blocks.all)) expect(score).not.toBeNull();
    }
  });

  it('gives the same bits whatever comes at and after a cutoff', async () => {
    const panel = panelOf(waves(4, 480));
    const request = requestOf(panel, models);
    const before = await runsOf(request);
    const first = request.origins.cutoffs[0];
    for (const value of [0, 399, 1e9, Number.NaN]) {
      const values = panel.values.map((old, at) => (at % panel.length >= first ? value : old));
      // The origins stay: a replaced future must not move them.
      const after = await runsOf({ ...request, panel: { ...panel, values } });
      after.forEach((run, index) => {
        for (let series = 0; series < panel.ids.length; series += 1) {
          const cells = (one: ModelRun): Float64Array[] =>
            [
              one.median.point,
              one.mean.point,
              ...one.median.quantiles.map((level) => level.values),
            ].map((all) => all.subarray(series * 24, series * 24 + 12));
          expect(cells(run)).toEqual(cells(before[index]));
        }
      });
    }
  }, 240_000);

  it('writes every series, origin, and step, the mean beside the median', async () => {
    const request = requestOf(panelOf(waves(2, 480)), ['naive']);
    const [run] = await runsOf(request);
    const { panel, origins, horizon } = request;
    const lines = [...forecastLines(run, panel, origins, horizon)].join('').trim().split('\n');
    expect(forecastHeader([0.05, 0.025])).toBe('unique_id,ds,cutoff,model,y_hat,q05,q025\n');
    expect(lines).toHaveLength(2 * 2 * 2 * 12);
    const [id, ds, cutoff, model, point] = lines[1].split(',');
    expect([id, Number(ds) - Number(cutoff), model]).toEqual(['vm-0', 3_600, 'naive']);
    expect(Number(cutoff)).toBe(7_200 + origins.cutoffs[0] * 3_600);
    expect(Number(point)).toBe(run.median.point[1]);
    expect(lines.at(-1)?.split(',').slice(3, 4)).toEqual(['naive-mean']);
    expect(lines.at(-1)).toMatch(/,{9}$/);
  });
});

describe('a panel', () => {
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, name.endsWith('.gz') ? gzipSync(text) : text);
    return path;
  };

  it('is read from CSV on a grid, gaps as NaN, sorted, until an instant', async () => {
    const path = write('a.csv.gz', 'unique_id,ds,y\nb,7200,1\na,3600,2.5\na,10800,3\na,14400,9\n');
    const panel = await readPanel(path, { stepSec: 3_600, untilSec: 14_400 });
    expect(panel.ids).toEqual(['a', 'b']);
    expect([panel.start, panel.length]).toEqual([3_600, 3]);
    expect([...panel.values]).toEqual([2.5, Number.NaN, 3, Number.NaN, 1, Number.NaN]);
  });

  it.each([
    [
      'off.csv',
      'unique_id,ds,y\na,3600,1\na,7000,1\n',
      /ds 7000, which is not on a grid of 3600 s/,
    ],
    ['twice.csv', 'unique_id,ds,y\na,3600,1\na,3600,2\n', /two values for 'a' at 3600/],
    ['late.csv', 'unique_id,ds,y\na,360000,1\n', /has no row before/],
    ['column.csv', 'unique_id,ds,value\na,3600,1\n', /not 'y'/],
    ['empty.csv', 'unique_id,ds,y\na,3600,x\n', /no usable row/],
  ])('%s is refused in one sentence', async (name, text, message) => {
    const reading = readPanel(write(name, text), { stepSec: 3_600, untilSec: 100_000 });
    await expect(reading).rejects.toThrow(message);
  });

  it('is read from Parquet packed with Zstandard; what is no Parquet is refused', async () => {
    const path = join(folder, 'a.parquet');
    writeFileSync(path, Buffer.from(PARQUET.join(''), 'base64'));
    const panel = await readPanel(path, { stepSec: 3_600 });
    expect(panel.ids).toEqual(['a', 'b']);
    expect([...panel.values]).toEqual([2, Number.NaN, Number.NaN, 1.5]);
    const bad = write('bad.parquet', 'unique_id,ds,y');
    await expect(readPanel(bad, { stepSec: 3_600 })).rejects.toThrow(/is no Parquet/);
  });

  it('is read from ragged M4 rows', async () => {
    const path = write('m4.csv', '"V1","V2","V3"\n"H2","5","6"\n"H1","7",""\n');
    const panel = await readM4(path);
    expect(panel.ids).toEqual(['H1', 'H2']);
    expect([...panel.values]).toEqual([7, Number.NaN, 5, 6]);
    await expect(readM4(write('bad.csv', 'V1\nH1,x\n'))).rejects.toThrow(/'H1' has a value/);
  });
});

/** (b, 7200, 1.5), (a, 3600, 2), (a, 7200, null), written by Polars. */
const PARQUET = [
  'UEFSMRUEFRQVJkwVBBUAAAAotS/9IApRAAABAAAAYgEAAABhFQAVEhUkLBUGFRAVBhUGAAAotS/9IAlJAAAC',
  'AAAABgEBAwYVDBk1AAYQGRgJdW5pcXVlX2lkFQwWBhZiFoYBJkgmCAAVBBUgFTJMFQQVAAAAKLUv/SAQgQAA',
  'EA4AAAAAAAAgHAAAAAAAABUAFRIVJCwVBhUQFQYVBgAAKLUv/SAJSQAAAgAAAAYBAQMFFQQZNQAGEBkYAmRz',
  'FQwWBhZuFpIBJpwCJtABABUAFSwVPiwVBhUAFQYVBgAAKLUv/SAWsQAAAgAAAAMDAAAAAAAA+D8AAAAAAAAA',
  'QBUKGSUABhkYAXkVDBYGFk4WYCaaAwAZHBZIFUYWAAAAGRwWnAIVRhYAAAAZHBaaAxVgFgAAABUCGUxIBHJv',
  'b3QVBgAVDCUCGAl1bmlxdWVfaWQlAEwcAAAAFQQlAhgCZHMAFQolAhgBeQAWBhkcGTwmzgEcFQwZNQAGEBkY',
  'CXVuaXF1ZV9pZBUMFgYWYhaGASZIJggAFqYEFRQAJq4DHBUEGTUABhAZGAJkcxUMFgYWbhaSASacAibQAQAW',
  'ugQVFgAm+gMcFQoZJQAGGRgBeRUMFgYWThZgJpoDABbQBBUWABaeAhYGJggW+AIUAAAZHBgMQVJST1c6c2No',
  'ZW1hGLACLy8vLy85b0FBQUFFQUFBQTh2Ly8veFFBQUFBRUFBRUFBQUFLQUFzQUNBQUtBQVFBK1AvLy93d0FB',
  'QUFJQUFnQUFBQUVBQU1BQUFCc0FBQUFOQUFBQUFRQUFBQ00vLy8vSUFBQUFCQUFBQUFJQUFBQUFRTUFBQUFB',
  'QUFENi8vLy9BZ0FHQUFZQUJBQUJBQUFBZVFBQUFMai8vLzhvQUFBQUVBQUFBQWdBQUFBQkFnQUFBQUFBQVBU',
  'Ly8vOUFBQUFBQVFBQUFBZ0FDUUFFQUFnQUFnQUFBR1J6QUFEcy8vLy9MQUFBQUNBQUFBQVlBQUFBQVJRQUFC',
  'QUFFZ0FFQUJBQUVRQUlBQUFBREFBQUFBQUEvUC8vL3dRQUJBQUpBQUFBZFc1cGNYVmxYMmxrQUE9PQAYTlBv',
  'bGFycyAocHl0aG9uKSB2ZXJzaW9uIDIuMS4wIChidWlsZCA3ZjkwMmJkM2ZmZDI3ZmY4MmQxNDI3OGEwOWEy',
  'OTVmZjJmN2FlZDkyKRk8HAAAHAAAHAAAAFgCAABQQVIx',
];
