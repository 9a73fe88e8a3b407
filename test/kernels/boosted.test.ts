// Boosted trees: every backend and instruction set says what the reference says.
import { normal, uniform } from '../../src/core';
import { openKernels } from '../../src/kernels';
import type { BoostedTraining, BoostedTrees, ByteMatrix } from '../../src/kernels';
import { nativeBackends } from './native-backends';

const reference = openKernels('reference');
const best = openKernels('auto');

const FEATURES = 7;
const BINS = 16;

function matrixOf(rowCount: number): ByteMatrix {
  const bins = Uint8Array.from({ length: FEATURES * rowCount }, (_, at) =>
    Math.floor(uniform(5, at % rowCount, Math.floor(at / rowCount)) * BINS),
  );
  return { bins, featureCount: FEATURES, rowCount };
}

function requestOf(rowCount: number, more: Partial<BoostedTraining> = {}): BoostedTraining {
  const matrix = matrixOf(rowCount);
  const target = Float32Array.from({ length: rowCount }, (_, row) => {
    const a = matrix.bins[row] / BINS;
    const b = matrix.bins[2 * rowCount + row] / BINS;
    return Math.fround(3 * a + (b > 0.5 ? 2 : 0) + (0.2 + a) * normal(9, row));
  });
  return {
    matrix,
    binCount: BINS,
    target,
    loss: 'pinball',
    levels: [0.1, 0.5, 0.9],
    treeCount: 12,
    depth: 4,
    learningRate: 0.2,
    l2: 1,
    rowShare: 0.7,
    featureShare: 0.8,
    seed: 3,
    ...more,
  };
}

/** Logistic sums run in fixed point natively: leaves agree to float32, splits where gains do. */
function expectSame(got: BoostedTrees, wanted: BoostedTrees): void {
  expect(got.splitFeatures).toEqual(wanted.splitFeatures);
  expect(got.splitBins).toEqual(wanted.splitBins);
  expect(got.base).toEqual(wanted.base);
  got.leaves.forEach((leaf, at) => {
    expect(Math.abs(leaf - wanted.leaves[at])).toBeLessThanOrEqual(
      1e-5 * Math.max(1, Math.abs(leaf)),
    );
  });
}

describe.each(nativeBackends())('boosted trees on %s', (_, kernels) => {
  it.each([0, 1, 15, 16, 17, 63, 64, 65, 500])(
    'grow the reference’s trees on %i rows',
    async (n) => {
      const request = requestOf(n);
      expectSame(await kernels.boosted.train(request), await reference.boosted.train(request));
    },
  );

  it.each(['squared', 'logistic'] as const)('agree with the reference on %s loss', async (loss) => {
    const plain = requestOf(400, { loss, levels: undefined });
    const target = loss === 'squared' ? plain.target : plain.target.map((y) => (y > 2.5 ? 1 : 0));
    const request = { ...plain, target };
    expectSame(await kernels.boosted.train(request), await reference.boosted.train(request));
  });

  it('agree with the reference on weighted rows', async () => {
    const weight = Float32Array.from({ length: 300 }, (__, row) => 0.5 + (row % 4));
    const request = requestOf(300, { weight });
    expectSame(await kernels.boosted.train(request), await reference.boosted.train(request));
  });

  it('give the same bits for one thread and for three', async () => {
    const request = requestOf(24_000); // enough rows to be worth threads
    const alone = openKernels('native', { threads: 1 });
    const three = openKernels('native', { threads: 3 });
    expect(await three.boosted.train(request)).toEqual(await alone.boosted.train(request));
  });

  it.each([0, 1, 15, 16, 17, 63, 64, 65, 129])(
    'predict the reference’s bits for %i rows',
    async (n) => {
      const trees = await kernels.boosted.train(requestOf(500, { depth: 6 }));
      const rows = matrixOf(n);
      const wanted = await reference.boosted.predict(trees, rows);
      expect(await kernels.boosted.predict(trees, rows)).toEqual(wanted);
    },
  );

  it('predict a row alone as among others', async () => {
    const trees = await kernels.boosted.train(requestOf(500));
    const many = matrixOf(40);
    const all = await kernels.boosted.predict(trees, many);
    const bins = Uint8Array.from({ length: FEATURES }, (__, f) => many.bins[f * 40 + 21]);
    const one = await kernels.boosted.predict(trees, { bins, featureCount: FEATURES, rowCount: 1 });
    expect([...one]).toEqual([0, 1, 2].map((output) => all[output * 40 + 21]));
  });
});

describe('boosted trees', () => {
  const { boosted } = best;

  it('cover as many rows as the levels promise', async () => {
    const request = requestOf(4_000, { treeCount: 60 });
    const trees = await boosted.train(request);
    const score = await boosted.predict(trees, request.matrix);
    [0.1, 0.5, 0.9].forEach((level, output) => {
      let below = 0;
      request.target.forEach((y, row) => (below += y < score[output * 4_000 + row] ? 1 : 0));
      expect(Math.abs(below / 4_000 - level)).toBeLessThan(0.03);
    });
  });

  it('lower the squared error of what the features tell', async () => {
    const request = requestOf(4_000, { loss: 'squared', levels: undefined, treeCount: 60 });
    const score = await boosted.predict(await boosted.train(request), request.matrix);
    const mean = request.target.reduce((a, b) => a + b, 0) / 4_000;
    let left = 0;
    let whole = 0;
    request.target.forEach((y, row) => {
      left += (y - score[row]) ** 2;
      whole += (y - mean) ** 2;
    });
    expect(left / whole).toBeLessThan(0.35);
  });

  it('tell apart what a feature separates', async () => {
    const plain = requestOf(2_000, { loss: 'logistic', levels: undefined, treeCount: 40 });
    const target = Float32Array.from({ length: 2_000 }, (_, row) =>
      plain.matrix.bins[row] > 7 ? 1 : 0,
    );
    const score = await boosted.predict(await boosted.train({ ...plain, target }), plain.matrix);
    const wrong = target.filter((y, row) => score[row] > 0 !== y > 0).length;
    expect(wrong).toBe(0);
  });

  it('say the constant of a constant target', async () => {
    const target = new Float32Array(200).fill(4);
    const request = requestOf(200, { target });
    const score = await boosted.predict(await boosted.train(request), request.matrix);
    expect(new Set(score)).toEqual(new Set([4]));
  });

  it('draw other rows for another seed', async () => {
    const one = await boosted.train(requestOf(1_000));
    const two = await boosted.train(requestOf(1_000, { seed: 4 }));
    expect(two.leaves).not.toEqual(one.leaves);
  });

  it('refuse settings that do not fit', async () => {
    await expect(boosted.train(requestOf(10, { depth: 9 }))).rejects.toThrow('depth 9; 1 to 8');
    await expect(boosted.train(requestOf(10, { levels: undefined }))).rejects.toThrow('levels');
  });
});
