// Weights and windows for the benches of the LSTM: a week of hours, and a day of five minutes in nine quantiles.
import { DomainError, QUANTILE_LEVELS, uniform } from '../../core';
import {
  layerRows,
  LSTM_GATES,
  LSTM_HIDDEN,
  openKernels,
  weightCount,
  withArena,
  type LstmArithmetic,
  type LstmKernels,
  type LstmWeights,
  type LstmWindows,
} from '../../kernels';
import { kernelEntry } from './bench-entry';

const STEPS = 168;
const INPUTS = 12;
const LEADS = 288;
const SIZE = 0.125; // as trained weights are

export function benchWeights(leads = LEADS): LstmWeights {
  const shape = { inputCount: INPUTS, layerCount: 1, outputCount: QUANTILE_LEVELS.length * leads };
  const values = Float32Array.from(
    { length: weightCount(shape) },
    (_, at) => SIZE * (2 * uniform(1, at) - 1),
  );
  return { shape, values };
}

export function benchWindows(windowCount: number): LstmWindows {
  const inputs = Float32Array.from(
    { length: windowCount * STEPS * INPUTS },
    (_, at) => 2 * uniform(2, at) - 1,
  );
  return { inputs, windowCount, stepCount: STEPS };
}

export function benchTargets(windowCount: number, leads = LEADS): Float32Array {
  return Float32Array.from({ length: windowCount * leads }, (_, at) => 4 * uniform(3, at) - 2);
}

/** Of one window forward. */
export function multiplyAddsOf({ shape }: LstmWeights): number {
  return STEPS * layerRows(shape, 0) * LSTM_GATES + (LSTM_HIDDEN + 1) * shape.outputCount;
}

const CHECKED_WINDOWS = 17;

/** The bench of one arithmetic; `apart`: how far an output may lie from the reference's. */
export function predictEntry(name: string, arithmetic: LstmArithmetic, apart: number) {
  return kernelEntry({
    name,
    unit: 'VM',
    describe: `forecast 288 steps and nine quantiles from 168 hours by an LSTM of 64, ${arithmetic}`,
    async prepare(small, kernels) {
      const weights = benchWeights();
      const windows = benchWindows(small ? CHECKED_WINDOWS : 4_096);
      const predict = (lstm: LstmKernels, some: LstmWindows): Promise<Float32Array> =>
        lstm.predict(weights, some, { arithmetic });
      return Promise.resolve({
        n: windows.windowCount,
        async check() {
          const few = benchWindows(CHECKED_WINDOWS);
          const slow = await predict(openKernels('reference').lstm, few);
          const fast = await predict(kernels.lstm, few);
          if (fast.some((value, at) => !(Math.abs(value - slow[at]) < apart))) {
            throw new DomainError('INTERNAL', `bench ${name}: differs from the reference`);
          }
        },
        run: async () => {
          // As in a night: results lie in memory that was used before.
          const values = await withArena(async (arena) => {
            const outputs = await predict(kernels.within(arena).lstm, windows);
            return Float64Array.from(outputs.subarray(0, QUANTILE_LEVELS.length * LEADS));
          });
          if (arithmetic === 'int8') return { values };
          return { values, multiplyAdds: windows.windowCount * multiplyAddsOf(weights) };
        },
      });
    },
  });
}
