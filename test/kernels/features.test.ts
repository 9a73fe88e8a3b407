// Every instruction set gives the reference's very bits for the features of boosters.
import { QUANTILE_LEVELS, uniform } from '../../src/core';
import {
  CENTRINGS,
  FEATURE_COUNT,
  openKernels,
  type BinCuts,
  type FeatureSeries,
} from '../../src/kernels';
import { cutsOf } from '../../src/models';
import { nativeBackends } from './native-backends';

const backends = nativeBackends();
const describeNative =
  backends.length > 0 ? describe.each(backends) : describe.skip.each([['none', openKernels()]]);
const reference = openKernels('reference').features;
const LENGTH = 24 * 23;
const LANES = { baseline: 2, avx2: 4, avx512: 8 } as const;

/** Every kind of series in turn: plain, with holes, constant, empty, a late start, huge, faults of a meter. */
function seriesOf(seriesCount: number, more: Partial<FeatureSeries> = {}): FeatureSeries {
  const values = new Float64Array(seriesCount * LENGTH);
  for (let series = 0; series < seriesCount; series += 1) {
    for (let t = 0; t < LENGTH; t += 1) {
      const u = uniform(7, series, t);
      const wave = 30 + 20 * Math.sin((t * Math.PI) / 12) + 10 * u;
      values[series * LENGTH + t] = [
        wave,
        u < 0.2 || (t > 400 && t < 431) ? Number.NaN : Math.round(wave * 100) / 100,
        4,
        Number.NaN,
        t < LENGTH - 60 ? Number.NaN : wave,
        1e30 * wave,
        u < 0.02 ? Infinity : u < 0.04 ? -1e200 : u < 0.5 ? 0 : wave,
      ][series % 7];
    }
  }
  const grid = { values, seriesCount, stride: LENGTH, from: 5, end: LENGTH };
  const time = { stepsPerDay: 24, startMs: 1_379_286_000_000, stepMs: 3_600_000 };
  return { ...grid, ...time, centring: 'last', horizon: 24, ...more };
}

/** Origins and leads all over the series. */
function picksOf({ seriesCount, from, end, horizon }: FeatureSeries, each: number): Int32Array {
  const picks: number[] = [];
  for (let series = 0; series < seriesCount; series += 1) {
    for (let n = 0; n < each; n += 1) {
      const origin = 1 + Math.floor(uniform(5, series, n) * (end - from));
      picks.push(series, origin, Math.floor(uniform(6, series, n) * horizon));
    }
  }
  return Int32Array.from(picks);
}

describeNative('features of boosters with %s', (name, kernels) => {
  const native = kernels.features;
  const width = LANES[name as keyof typeof LANES];
  let cuts: BinCuts;

  beforeAll(async () => {
    const series = seriesOf(3);
    const { features } = await reference.rowsAt(series, picksOf(series, 40));
    cuts = cutsOf(features, FEATURE_COUNT);
  });

  it.each(CENTRINGS)(
    'are the same numbers at any origin and lead, centred on the %s',
    async (centring) => {
      for (const shape of [
        {},
        { stepsPerDay: 96, stepMs: 900_000, horizon: 100 },
        { end: 30 },
        { stepsPerDay: 24, horizon: 200 },
      ]) {
        const series = seriesOf(9, { centring, ...shape });
        const picks = picksOf(series, 6);
        expect(await native.rowsAt(series, picks)).toEqual(await reference.rowsAt(series, picks));
      }
    },
  );

  it.each([0, 1, width - 1, width, width + 1])(
    'are the same bytes for %i series',
    async (count) => {
      for (const centring of CENTRINGS) {
        for (const shape of [
          {},
          { stepsPerDay: 96, stepMs: 900_000, horizon: 33 },
          { end: 5 },
          { end: 6 },
        ]) {
          const series = seriesOf(count + 1, { centring, ...shape });
          const knownMin = [48, 0, Infinity][count % 3];
          const asked = { first: 1, count, knownMin, cuts };
          expect(await native.nightRows(series, asked)).toEqual(
            await reference.nightRows(series, asked),
          );
        }
      }
    },
  );

  it('do not read what lies before or after the columns', async () => {
    const series = seriesOf(7, { end: 500 });
    const values = series.values.map((value, at) =>
      at % LENGTH >= 500 || at % LENGTH < 5 ? 1e9 : value,
    );
    const asked = { first: 0, count: 7, knownMin: 48, cuts: [] };
    const own = await native.nightRows(series, asked);
    expect(await native.nightRows({ ...series, values }, asked)).toEqual(own);
    const picks = picksOf(series, 3);
    const rows = await native.rowsAt(series, picks);
    expect(await native.rowsAt({ ...series, values }, picks)).toEqual(rows);
  });

  it.each([0, 1, 7, 8, 9, 100])('become the same bytes for %i numbers', async (count) => {
    const few = [[], [0.5], Array.from({ length: 62 }, (_, at) => at / 62), [-1, Infinity]].map(
      (one) => Float32Array.from(one),
    );
    const odd = [Number.NaN, Infinity, -Infinity, 0, -0, 0.5, 1e30];
    const rows = Float32Array.from({ length: 4 * count }, (_, at) =>
      at % 5 === 0 ? odd[at % odd.length] : uniform(1, at),
    );
    expect(await native.bin(few, rows, count)).toEqual(await reference.bin(few, rows, count));
  });

  it.each([0, 1, width - 1, width, width + 1, 11])(
    'place scores alike for %i series',
    async (count) => {
      for (const wanted of [QUANTILE_LEVELS, [0.001, 0.3, 0.5, 0.999]]) {
        const horizon = 5;
        const rows = count * horizon;
        const outputs = {
          scores: Float32Array.from({ length: 9 * rows }, (_, at) => uniform(2, at) - 0.3),
          levels: QUANTILE_LEVELS,
          centre: Float64Array.from({ length: rows }, (_, at) => 10 * uniform(3, at)),
          scale: Float64Array.from({ length: rows }, (_, at) => 30 * uniform(4, at)),
          horizon,
          lower: 0,
          upper: 20,
          wanted,
          meanShares: [[0.05, 0.2] as const, [0.4, 0.8] as const],
        };
        const targets = () => ({
          first: 1,
          point: new Float64Array(rows + horizon),
          mean: new Float64Array(rows + horizon),
          quantiles: new Float64Array((rows + horizon) * wanted.length),
        });
        const [own, slow] = [targets(), targets()];
        await native.place(outputs, own);
        await reference.place(outputs, slow);
        expect(own).toEqual(slow);
      }
    },
  );

  it('refuse what does not fit', async () => {
    await expect(native.rowsAt(seriesOf(2), Int32Array.of(0, 0, 0))).rejects.toThrow(RangeError);
    await expect(native.rowsAt(seriesOf(2, { stepsPerDay: 72 }), new Int32Array())).rejects.toThrow(
      RangeError,
    );
    await expect(native.bin([new Float32Array(63)], new Float32Array(1), 1)).rejects.toThrow(
      RangeError,
    );
  });
});
