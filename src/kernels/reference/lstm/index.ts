// The oracle of the LSTM: one window after the other in float64, weights rounded to float32 after each update.
import {
  checkLesson,
  checkLstm,
  LstmKernels,
  type LstmLesson,
  type LstmPrediction,
  type LstmProgress,
  type LstmTraining,
  type LstmUnit,
  type LstmWeights,
  type LstmWindows,
} from '../../lstm-kernels';
import { adam } from './adam';
import { addGradient } from './backward';
import { forward } from './forward';
import { quantisedForward } from './quantised';

export class ReferenceLstm extends LstmKernels {
  override predict(
    weights: LstmWeights,
    windows: LstmWindows,
    how: LstmPrediction = {},
  ): Promise<Float32Array> {
    checkLstm(weights, windows);
    const { shape, values } = weights;
    const { windowCount, stepCount, inputs } = windows;
    const out = new Float32Array(windowCount * shape.outputCount);
    const run = how.arithmetic === 'int8' ? quantisedForward : forward;
    const size = stepCount * shape.inputCount;
    for (let window = 0; window < windowCount; window += 1) {
      const own = inputs.subarray(window * size, (window + 1) * size);
      const { outputs } = run(shape, values, own, stepCount);
      out.set(outputs, window * shape.outputCount);
    }
    return Promise.resolve(out);
  }

  override train(training: LstmTraining, lesson: LstmLesson): Promise<LstmProgress> {
    checkLesson(training, lesson);
    const { shape } = training.weights;
    const { windows, levels, targets, batchSize } = lesson;
    const values = training.weights.values.slice();
    const firstMoments = training.firstMoments.slice();
    const secondMoments = training.secondMoments.slice();
    const size = windows.stepCount * shape.inputCount;
    const leads = shape.outputCount / levels.length;
    const losses: number[] = [];
    let { updates } = training;
    for (let first = 0; first < windows.windowCount; first += batchSize) {
      const gradient = new Float64Array(values.length);
      let loss = 0;
      let terms = 0;
      const end = Math.min(windows.windowCount, first + batchSize);
      for (let window = first; window < end; window += 1) {
        const own = windows.inputs.subarray(window * size, (window + 1) * size);
        const trace = forward(shape, values, own, windows.stepCount);
        const wanted = targets.subarray(window * leads, (window + 1) * leads);
        const one = addGradient(shape, values, trace, wanted, levels, gradient);
        loss += one.loss;
        terms += one.terms;
      }
      losses.push(loss / Math.max(1, terms));
      updates += 1;
      const scale = 1 / Math.max(1, terms);
      adam({ values, gradient, scale, firstMoments, secondMoments, updates, ...lesson });
    }
    return Promise.resolve({
      weights: { shape, values },
      firstMoments,
      secondMoments,
      updates,
      losses: Float64Array.from(losses),
    });
  }

  override units(): readonly LstmUnit[] {
    return [];
  }
}
