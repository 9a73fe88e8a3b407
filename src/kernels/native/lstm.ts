// The LSTM in the addon: float32 on every instruction set, bytes where it is avx512.
import {
  checkLesson,
  checkLstm,
  LSTM_ARITHMETICS,
  LSTM_UNITS,
  LstmKernels,
  type LstmLesson,
  type LstmPrediction,
  type LstmProgress,
  type LstmShape,
  type LstmTraining,
  type LstmUnit,
  type LstmWeights,
  type LstmWindows,
} from '../lstm-kernels';
import type { AddonCaller } from './addon';

export class NativeLstm extends LstmKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async predict(
    weights: LstmWeights,
    windows: LstmWindows,
    { arithmetic = 'float32', unit = 'auto' }: LstmPrediction = {},
  ): Promise<Float32Array> {
    checkLstm(weights, windows);
    const out = this.caller.f32(windows.windowCount * weights.shape.outputCount);
    await this.caller.call('lstm.predict', {
      ...shapeArguments(weights.shape),
      weights: weights.values,
      windows: windows.inputs,
      count: windows.windowCount,
      steps: windows.stepCount,
      arithmetic: LSTM_ARITHMETICS.indexOf(arithmetic),
      unit: LSTM_UNITS.indexOf(unit),
      out,
    });
    return out;
  }

  override async train(training: LstmTraining, lesson: LstmLesson): Promise<LstmProgress> {
    checkLesson(training, lesson);
    const { weights } = training;
    const { windows, targets, batchSize, learningRate, clipNorm } = lesson;
    const values = weights.values.slice();
    const firstMoments = training.firstMoments.slice();
    const secondMoments = training.secondMoments.slice();
    const losses = new Float64Array(Math.ceil(windows.windowCount / batchSize));
    await this.caller.call('lstm.train', {
      ...shapeArguments(weights.shape),
      weights: values,
      firstMoments,
      secondMoments,
      updates: training.updates,
      windows: windows.inputs,
      targets,
      count: windows.windowCount,
      steps: windows.stepCount,
      levels: Float64Array.from(lesson.levels),
      batch: batchSize,
      learningRate,
      clipNorm,
      losses,
    });
    return {
      weights: { shape: weights.shape, values },
      firstMoments,
      secondMoments,
      updates: training.updates + losses.length,
      losses,
    };
  }

  override units(): readonly LstmUnit[] {
    const { addon, isa } = this.caller;
    if (isa !== 'avx512' || addon.hasVnni() !== 1) return [];
    return addon.hasAmxInt8() === 1 ? ['vnni', 'amx'] : ['vnni'];
  }
}

function shapeArguments({ inputCount, layerCount, outputCount }: LstmShape): {
  readonly inputs: number;
  readonly layers: number;
  readonly outputs: number;
} {
  return { inputs: inputCount, layers: layerCount, outputs: outputCount };
}
