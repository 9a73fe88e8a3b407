// A long short-term memory with a linear head over many windows at once: what its kernels are asked.
//
// Symbols: N windows, T steps, I inputs, H = 64 hidden units, gates i f g o, O outputs, P = O rounded up to 32.
// Sources: Hochreiter and Schmidhuber (1997); Gers et al. (2000), forget gate; Kingma and Ba (2015), Adam;
// Koenker and Bassett (1978), pinball.

export const LSTM_HIDDEN = 64;
export const LSTM_GATES = 4 * LSTM_HIDDEN;
export const LSTM_INPUTS_MAX = 64;
export const LSTM_LAYERS_MAX = 2;
const OUTPUTS_PER_GROUP = 32; // the widest register times two: a row of the head has no rest
const INPUTS_PER_GROUP = 4; // bytes of one dot product

export interface LstmShape {
  /** I, a multiple of 4. int8 arithmetic expects inputs in [-1, 1] and clips others. */
  readonly inputCount: number;
  readonly layerCount: number;
  /** O: levels x leads, level-major. */
  readonly outputCount: number;
}

/**
 * All weights of a shape, one after the other, row-major: for each layer (D + H + 1, 4 H), whose rows are the D
 * inputs (I, or H above the first layer), the hidden units, and the bias, and whose columns are i f g o; then
 * the head (H + 1, P), bias last. Columns O to P are zero.
 */
export interface LstmWeights {
  readonly shape: LstmShape;
  readonly values: Float32Array;
}

/** float32 everywhere; int8 only where the instruction set is avx512, else float32 serves. */
export const LSTM_ARITHMETICS = ['float32', 'int8'] as const;
export type LstmArithmetic = (typeof LSTM_ARITHMETICS)[number];

/** What multiplies bytes; all give the same bits. auto: the fastest that CPU and kernel grant. */
export const LSTM_UNITS = ['auto', 'plain', 'vnni', 'amx'] as const;
export type LstmUnit = (typeof LSTM_UNITS)[number];

export interface LstmWindows {
  /** (N, T, I), finite. */
  readonly inputs: Float32Array;
  readonly windowCount: number;
  readonly stepCount: number;
}

export interface LstmPrediction {
  readonly arithmetic?: LstmArithmetic;
  readonly unit?: LstmUnit;
}

/** What training carries from one update to the next; resumed from it, it goes on bit for bit. */
export interface LstmTraining {
  readonly weights: LstmWeights;
  /** Adam's moments, as many as there are weights. */
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  /** Updates so far. */
  readonly updates: number;
}

export interface LstmLesson {
  readonly windows: LstmWindows;
  /** (N, leads); NaN = not known, no part of the loss. */
  readonly targets: Float32Array;
  /** Ascending; outputs are (levels, leads). */
  readonly levels: readonly number[];
  /** Windows of one update; the last may have fewer. */
  readonly batchSize: number;
  readonly learningRate: number;
  /** The gradient's norm is cut to it. */
  readonly clipNorm: number;
}

export interface LstmProgress extends LstmTraining {
  /** Mean pinball loss of each update's windows before it. */
  readonly losses: Float64Array;
}

/** Pure functions; a predicted window never depends on other windows, bit for bit. */
export abstract class LstmKernels {
  /** (N, O). O(N T H (I + H)). */
  abstract predict(
    weights: LstmWeights,
    windows: LstmWindows,
    how?: LstmPrediction,
  ): Promise<Float32Array>;
  /** One update per batch, in the windows' order. Equal bits for any number of threads. */
  abstract train(training: LstmTraining, lesson: LstmLesson): Promise<LstmProgress>;
  /** Units beside `plain` that may be asked for here. */
  abstract units(): readonly LstmUnit[];
}

/** P: columns of the head as stored. */
export function headColumns({ outputCount }: LstmShape): number {
  return Math.ceil(outputCount / OUTPUTS_PER_GROUP) * OUTPUTS_PER_GROUP;
}

/** Rows of a layer's matrix: inputs, hidden units, bias. */
export function layerRows(shape: LstmShape, layer: number): number {
  return (layer === 0 ? shape.inputCount : LSTM_HIDDEN) + LSTM_HIDDEN + 1;
}

/** Where a layer's matrix begins; the head is layer `layerCount`. */
export function layerOffset(shape: LstmShape, layer: number): number {
  let offset = 0;
  for (let below = 0; below < layer; below += 1) offset += layerRows(shape, below) * LSTM_GATES;
  return offset;
}

export function weightCount(shape: LstmShape): number {
  return layerOffset(shape, shape.layerCount) + (LSTM_HIDDEN + 1) * headColumns(shape);
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkLstm({ shape, values }: LstmWeights, windows: LstmWindows): void {
  const { inputCount, layerCount, outputCount } = shape;
  const wrong = (what: string): never => {
    throw new RangeError(`lstm: ${what}`);
  };
  if (inputCount % INPUTS_PER_GROUP !== 0 || inputCount < 4 || inputCount > LSTM_INPUTS_MAX) {
    wrong(`${inputCount} inputs; a multiple of 4 up to ${LSTM_INPUTS_MAX} is accepted`);
  }
  if (layerCount < 1 || layerCount > LSTM_LAYERS_MAX) wrong(`${layerCount} layers; 1 or 2`);
  if (outputCount < 1) wrong('no output');
  if (values.length !== weightCount(shape)) {
    wrong(`${values.length} weights; ${weightCount(shape)} expected`);
  }
  const { windowCount, stepCount, inputs } = windows;
  if (stepCount < 1) wrong('no step');
  if (inputs.length !== windowCount * stepCount * inputCount) {
    wrong(`${inputs.length} inputs are not ${windowCount} windows of ${stepCount} steps`);
  }
}

/** Throws RangeError (a programming error) when a lesson does not fit what is trained. */
export function checkLesson(training: LstmTraining, lesson: LstmLesson): void {
  const { weights, firstMoments, secondMoments } = training;
  checkLstm(weights, lesson.windows);
  const { windowCount } = lesson.windows;
  const leads = weights.shape.outputCount / lesson.levels.length;
  if (!Number.isInteger(leads) || lesson.targets.length !== windowCount * leads) {
    throw new RangeError(`lstm: ${lesson.targets.length} targets for ${windowCount} windows`);
  }
  const count = weights.values.length;
  if (firstMoments.length !== count || secondMoments.length !== count || lesson.batchSize < 1) {
    throw new RangeError(`lstm: moments of ${count} weights and a batch of at least 1 expected`);
  }
}
