// Lessons of the LSTM: nanoseconds of one core for a window of 168 steps, forward, back, and its share of Adam.
import { DomainError, QUANTILE_LEVELS } from '../../../core';
import { openKernels, type Kernels, type LstmLesson, type LstmProgress } from '../../../kernels';
import { kernelEntry } from '../bench-entry';
import { benchTargets, benchWeights, benchWindows, multiplyAddsOf } from '../lstm-case';

const LEADS = 24;
const PASSES = 3; // forward, slopes of the rows, slopes of the weights
const CHECKED_WINDOWS = 8;
const APART_MAX = 1e-3; // of a weight after one update of rate 0.01

function lessonOf(windowCount: number): LstmLesson {
  return {
    windows: benchWindows(windowCount),
    targets: benchTargets(windowCount, LEADS),
    levels: QUANTILE_LEVELS,
    batchSize: 64,
    learningRate: 0.01,
    clipNorm: 1,
  };
}

function train({ lstm }: Kernels, lesson: LstmLesson): Promise<LstmProgress> {
  const weights = benchWeights(LEADS);
  const { length } = weights.values;
  const moments = {
    firstMoments: new Float32Array(length),
    secondMoments: new Float32Array(length),
  };
  return lstm.train({ weights, ...moments, updates: 0 }, lesson);
}

export const entry = kernelEntry({
  name: 'lstm-train',
  unit: 'window',
  describe: 'train an LSTM of 64 on 168 steps, 24 leads, nine quantiles',
  prepare(small, kernels) {
    const windowCount = small ? CHECKED_WINDOWS : 2_048;
    const lesson = lessonOf(windowCount);
    return Promise.resolve({
      n: windowCount,
      async check() {
        const few = lessonOf(CHECKED_WINDOWS);
        const { weights } = await train(kernels, few);
        const slow = (await train(openKernels('reference'), few)).weights.values;
        if (weights.values.some((value, at) => !(Math.abs(value - slow[at]) < APART_MAX))) {
          throw new DomainError('INTERNAL', 'bench lstm-train: differs from the reference');
        }
      },
      async run() {
        const { losses, weights } = await train(kernels, lesson);
        return { values: losses, multiplyAdds: PASSES * windowCount * multiplyAddsOf(weights) };
      },
    });
  },
});
