// The LSTM: every backend and instruction set says what the reference says, and slopes are slopes.
import { normal, uniform } from '../../src/core';
import { headColumns, layerOffset, LSTM_HIDDEN, openKernels, weightCount } from '../../src/kernels';
import type {
  LstmLesson,
  LstmShape,
  LstmTraining,
  LstmWeights,
  LstmWindows,
} from '../../src/kernels';
import { addGradient } from '../../src/kernels/reference/lstm/backward';
import { forward } from '../../src/kernels/reference/lstm/forward';
import { nativeBackends } from './native-backends';

const reference = openKernels('reference');
const best = openKernels('auto');
const LEVELS = [0.1, 0.5, 0.9];
const LEADS = 5;

function shapeOf(layerCount: number, inputCount = 8): LstmShape {
  return { inputCount, layerCount, outputCount: LEVELS.length * LEADS };
}

function weightsOf(shape: LstmShape, size = 0.25): LstmWeights {
  const values = Float32Array.from({ length: weightCount(shape) }, (_, at) => size * normal(7, at));
  const columns = headColumns(shape);
  const head = layerOffset(shape, shape.layerCount);
  for (let row = 0; row <= LSTM_HIDDEN; row += 1) {
    values.fill(0, head + row * columns + shape.outputCount, head + (row + 1) * columns);
  }
  return { shape, values };
}

function windowsOf(windowCount: number, stepCount: number, inputCount = 8): LstmWindows {
  const inputs = Float32Array.from(
    { length: windowCount * stepCount * inputCount },
    (_, at) => 2 * uniform(3, at) - 1,
  );
  return { inputs, windowCount, stepCount };
}

function lessonOf(windowCount: number, stepCount = 6): LstmLesson {
  const targets = Float32Array.from({ length: windowCount * LEADS }, (_, at) =>
    at % 7 === 3 ? NaN : normal(11, at),
  );
  return {
    windows: windowsOf(windowCount, stepCount),
    targets,
    levels: LEVELS,
    batchSize: 16,
    learningRate: 0.01,
    clipNorm: 1,
  };
}

function beginning(shape: LstmShape): LstmTraining {
  const count = weightCount(shape);
  return {
    weights: weightsOf(shape),
    firstMoments: new Float32Array(count),
    secondMoments: new Float32Array(count),
    updates: 0,
  };
}

function farthest(got: Float32Array, wanted: Float32Array): number {
  expect(got).toHaveLength(wanted.length);
  return got.reduce((most, value, at) => Math.max(most, Math.abs(value - wanted[at])), 0);
}

describe.each(nativeBackends())('the LSTM on %s', (isa, kernels) => {
  it.each([0, 1, 3, 15, 16, 17, 31, 32, 33, 70])(
    'forecasts what the reference does for %i windows',
    async (n) => {
      const weights = weightsOf(shapeOf(1));
      const windows = windowsOf(n, 20);
      const wanted = await reference.lstm.predict(weights, windows);
      expect(farthest(await kernels.lstm.predict(weights, windows), wanted)).toBeLessThan(1e-5);
    },
  );

  it('has two layers where they are asked for', async () => {
    const weights = weightsOf(shapeOf(2));
    const windows = windowsOf(19, 12);
    const wanted = await reference.lstm.predict(weights, windows);
    expect(farthest(await kernels.lstm.predict(weights, windows), wanted)).toBeLessThan(1e-5);
  });

  it.each([4, 12, 60, 64])('takes %i inputs', async (inputCount) => {
    const weights = weightsOf(shapeOf(1, inputCount), 0.1);
    const windows = windowsOf(5, 9, inputCount);
    for (const arithmetic of ['float32', 'int8'] as const) {
      const wanted = await reference.lstm.predict(weights, windows, { arithmetic });
      const got = await kernels.lstm.predict(weights, windows, { arithmetic });
      expect(farthest(got, wanted)).toBeLessThan(arithmetic === 'int8' ? 0.1 : 1e-5);
    }
  });

  it('forecasts a window alone as among others, bit for bit', async () => {
    const weights = weightsOf(shapeOf(1));
    const windows = windowsOf(40, 10);
    for (const arithmetic of ['float32', 'int8'] as const) {
      const all = await kernels.lstm.predict(weights, windows, { arithmetic });
      const inputs = windows.inputs.subarray(37 * 80, 38 * 80);
      const alone = { inputs, windowCount: 1, stepCount: 10 };
      const one = await kernels.lstm.predict(weights, alone, { arithmetic });
      expect([...one]).toEqual([...all.subarray(37 * 15, 38 * 15)]);
    }
  });

  it.each([1, 2])('learns what the reference does with %i layers', async (layers) => {
    const start = beginning(shapeOf(layers));
    const lesson = lessonOf(44);
    const wanted = await reference.lstm.train(start, lesson);
    const got = await kernels.lstm.train(start, lesson);
    expect(got.updates).toBe(3);
    got.losses.forEach((loss, at) => expect(loss).toBeCloseTo(wanted.losses[at], 5));
    expect(farthest(got.weights.values, wanted.weights.values)).toBeLessThan(2e-4);
  });

  it('goes on from where it stood, bit for bit, whoever computes', async () => {
    const shape = shapeOf(1);
    const lesson = { ...lessonOf(96), batchSize: 48 };
    const whole = await kernels.lstm.train(beginning(shape), lesson);
    const half = (from: number): LstmLesson => ({
      ...lesson,
      windows: {
        ...lesson.windows,
        windowCount: 48,
        inputs: lesson.windows.inputs.subarray(from * 48, (from + 48) * 48),
      },
      targets: lesson.targets.subarray(from * LEADS, (from + 48) * LEADS),
    });
    const alone = openKernels('native', { isa: isa as 'avx2', threads: 1 });
    const first = await alone.lstm.train(beginning(shape), half(0));
    const second = await alone.lstm.train(first, half(48));
    expect(second.weights.values).toEqual(whole.weights.values);
    expect(second.secondMoments).toEqual(whole.secondMoments);
  });
});

describe('the LSTM in bytes', () => {
  const { lstm } = best;

  it.each([1, 2])('gives the same bits by every unit, %i layers', async (layers) => {
    const weights = weightsOf(shapeOf(layers));
    for (const n of [1, 15, 16, 17, 40]) {
      const windows = windowsOf(n, 12);
      const plain = await lstm.predict(weights, windows, { arithmetic: 'int8', unit: 'plain' });
      for (const unit of lstm.units()) {
        expect(await lstm.predict(weights, windows, { arithmetic: 'int8', unit })).toEqual(plain);
      }
    }
  });

  it('is near the reference in bytes, and near float32', async () => {
    const weights = weightsOf(shapeOf(1), 0.15);
    const windows = windowsOf(33, 30);
    const got = await lstm.predict(weights, windows, { arithmetic: 'int8' });
    const wanted = await reference.lstm.predict(weights, windows, { arithmetic: 'int8' });
    const exact = await reference.lstm.predict(weights, windows);
    const mean = (a: Float32Array, b: Float32Array): number =>
      a.reduce((sum, value, at) => sum + Math.abs(value - b[at]), 0) / a.length;
    expect(mean(got, wanted)).toBeLessThan(0.005);
    expect(mean(got, exact)).toBeLessThan(0.02);
  });

  const hasBytes = best.report().isa === 'avx512'; // elsewhere float32 serves

  (hasBytes ? it : it.skip)('clips inputs beyond one', async () => {
    const weights = weightsOf(shapeOf(1));
    const wide = windowsOf(3, 4);
    const inputs = wide.inputs.map((x) => 3 * x);
    const cut = inputs.map((x) => Math.min(1, Math.max(-1, x)));
    const how = { arithmetic: 'int8' } as const;
    expect(await lstm.predict(weights, { ...wide, inputs }, how)).toEqual(
      await lstm.predict(weights, { ...wide, inputs: cut }, how),
    );
  });
});

it('gives float32 where bytes are asked for and the instruction set has none', async () => {
  const weights = weightsOf(shapeOf(1));
  const windows = windowsOf(17, 8);
  for (const [isa, { lstm }] of nativeBackends()) {
    if (isa === 'avx512') continue;
    expect(await lstm.predict(weights, windows, { arithmetic: 'int8' })).toEqual(
      await lstm.predict(weights, windows),
    );
  }
});

describe('the reference LSTM', () => {
  it.each([1, 2])('has the slopes that finite differences find, %i layers', (layers) => {
    const shape = shapeOf(layers, 4);
    const { values } = weightsOf(shape);
    const inputs = windowsOf(1, 5, 4).inputs;
    const targets = Float32Array.from([1, -1, NaN, 0.5, 2]);
    const lossOf = (at: ArrayLike<number>): number => {
      const trace = forward(shape, at, inputs, 5);
      return addGradient(shape, at, trace, targets, LEVELS, new Float64Array(values.length)).loss;
    };
    const gradient = new Float64Array(values.length);
    addGradient(shape, values, forward(shape, values, inputs, 5), targets, LEVELS, gradient);
    const exact = Float64Array.from(values);
    for (let draw = 0; draw < 120; draw += 1) {
      const at = Math.floor(uniform(5, draw) * values.length);
      const step = 1e-6;
      const up = exact.slice();
      const down = exact.slice();
      up[at] += step;
      down[at] -= step;
      expect(gradient[at]).toBeCloseTo((lossOf(up) - lossOf(down)) / (2 * step), 5);
    }
  });

  it('does not learn from leads that are not known', async () => {
    const lesson = lessonOf(4);
    const targets = lesson.targets.map(() => NaN);
    const start = beginning(shapeOf(1));
    for (const kernels of [reference, best]) {
      const { losses, weights } = await kernels.lstm.train(start, { ...lesson, targets });
      expect([...losses]).toEqual([0]);
      expect(weights.values).toEqual(start.weights.values);
    }
  });
});
