// What one night hands to the next: the addon gives the reference's very bits.
import { QUANTILE_LEVELS, uniform } from '../../src/core';
import { openKernels } from '../../src/kernels';

const native = openKernels('auto', { threads: 2 });
const reference = openKernels('reference').combine;
const itNative = native.report().backend === 'native' ? it : it.skip;
const LEADS = 24;
const HORIZON = 30;
const BLOCKS = [
  { from: 1, to: 1 },
  { from: 2, to: 6 },
  { from: 7, to: 40 },
];
const CELLS = 3 * QUANTILE_LEVELS.length;

const shapeOf = (rowCount: number) => ({
  rowCount,
  memberCount: 3,
  levels: QUANTILE_LEVELS,
  leads: LEADS,
});

function randoms(length: number, seed: number, of: (u: number) => number): Float64Array {
  return Float64Array.from({ length }, (_, at) => of(uniform(seed, at)));
}

describe('forecasts kept for the next night', () => {
  itNative.each([0, 1, 3, 300])('are the same for %i rows', async (rowCount) => {
    const forecasts = [1, 2, 3].map((seed) =>
      randoms(rowCount * QUANTILE_LEVELS.length * HORIZON, seed, (u) =>
        u < 0.02 ? [-1, 700, 0.005, 1e30][Math.floor(u * 200)] : 180 * u * u,
      ),
    );
    const shape = shapeOf(rowCount);
    const centi = await reference.pack(forecasts, HORIZON, shape);
    expect(await native.combine.pack(forecasts, HORIZON, shape)).toEqual(centi);
  });

  itNative.each([0, 1, 3, 300])('are judged the same for %i rows', async (rowCount) => {
    const shape = shapeOf(rowCount);
    const size = rowCount * 3 * QUANTILE_LEVELS.length * LEADS;
    const centi = Uint16Array.from(randoms(size, 4, (u) => u * 9_000));
    const actual = randoms(rowCount * LEADS, 5, (u) => (u < 0.1 ? Number.NaN : 90 * u));
    actual.fill(Number.NaN, 0, 6);
    const before = {
      losses: Float32Array.from(
        randoms(rowCount * 3 * CELLS, 6, (u) => (u < 0.1 ? Number.NaN : u)),
      ),
      relative: Float32Array.from(randoms(rowCount * 3 * CELLS, 8, (u) => 5 * u)),
      nights: randoms(rowCount, 7, (u) => (u < 0.2 ? 0 : 10 * u)),
    };
    const after = await reference.judge(before, 0.9, centi, actual, BLOCKS, shape);
    expect(await native.combine.judge(before, 0.9, centi, actual, BLOCKS, shape)).toEqual(after);
  });

  itNative.each([0, 1, 3, 300])('are mixed the same for %i rows', async (rowCount) => {
    const size = rowCount * QUANTILE_LEVELS.length * HORIZON;
    const forecasts = [1, 2, 3].map((seed) => randoms(size, seed, (u) => 40 * u));
    const request = {
      rowCount,
      horizon: HORIZON,
      levelCount: QUANTILE_LEVELS.length,
      blocks: BLOCKS,
      weights: randoms(rowCount * 3 * 2 * 3, 9, (u) => (u < 0.4 ? 0 : u)),
      judgedCount: 2,
      judgedOf: Int32Array.of(0, 0, 0, 1, 1, 1, 1, 0, 0),
      point: { left: 4, right: 4, share: 0 },
      mean: [
        { left: 1, right: 2, share: 0.3, weight: 0.5 },
        { left: 7, right: 7, share: 0, weight: 0.5 },
      ],
    };
    expect(await native.combine.mix(forecasts, request)).toEqual(
      await reference.mix(forecasts, request),
    );
  });

  it('weigh one night more, and a block without actuals keeps its loss', async () => {
    const shape = { rowCount: 1, memberCount: 1, levels: [0.5], leads: 2 };
    const blocks = [
      { from: 1, to: 1 },
      { from: 2, to: 2 },
    ];
    const before = {
      losses: Float32Array.of(3, 7),
      relative: Float32Array.of(2, 4),
      nights: Float64Array.of(4),
    };
    const actual = Float64Array.of(12, Number.NaN);
    const after = await reference.judge(
      before,
      0.5,
      Uint16Array.of(1_000, 9),
      actual,
      blocks,
      shape,
    );
    expect([...after.nights, ...after.losses]).toEqual([3, (2 * 3 + 1) / 3, 7].map(Math.fround));
    expect([...after.relative]).toEqual([(2 * 2 + 1) / 3, 4].map(Math.fround));
  });
});
