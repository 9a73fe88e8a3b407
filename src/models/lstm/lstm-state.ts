// What a trained LSTM saves: matrices by name, as any program that reads safetensors can use them.
import { DomainError, QUANTILE_LEVELS } from '../../core';
import {
  headColumns,
  layerOffset,
  layerRows,
  LSTM_GATES,
  LSTM_HIDDEN,
  weightCount,
  type LstmShape,
  type LstmWeights,
} from '../../kernels';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors';
import { INPUT_NAMES, STEPS } from './window-inputs';

export interface LstmState {
  readonly name: string;
  readonly stepsPerDay: number;
  /** The longest lead that was trained. */
  readonly horizon: number;
  /** Windows it learned from, and the mean pinball on the held-out span, in units of scales. */
  readonly windows: number;
  readonly heldOutLoss: number;
  /** Absent where there was too little to learn from. */
  readonly weights?: LstmWeights;
}

/** Tensors `layer.k.input` (D, 256), `layer.k.hidden` (64, 256), `layer.k.bias`, `head.weight` (64, O), `head.bias`. */
export function encodeLstm(state: LstmState): Uint8Array {
  const { weights, ...about } = state;
  const metadata = {
    kind: 'slackwater-lstm-1',
    about: JSON.stringify({ ...about, heldOutLoss: String(about.heldOutLoss) }),
    shape: JSON.stringify(weights?.shape ?? null),
    inputs: JSON.stringify(INPUT_NAMES),
    steps: String(STEPS),
    levels: JSON.stringify(QUANTILE_LEVELS),
    gates: 'i f g o',
  };
  return encodeTensors({ tensors: tensorsOf(weights), metadata });
}

function tensorsOf(weights: LstmWeights | undefined): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  if (weights === undefined) return tensors;
  const { shape, values } = weights;
  for (let layer = 0; layer < shape.layerCount; layer += 1) {
    let from = layerOffset(shape, layer);
    const inputs = layerRows(shape, layer) - LSTM_HIDDEN - 1;
    const take = (name: string, own: readonly number[]): void => {
      const length = own.reduce((product, size) => product * size, 1);
      tensors.set(`layer.${layer}.${name}`, {
        shape: own,
        values: values.slice(from, from + length),
      });
      from += length;
    };
    take('input', [inputs, LSTM_GATES]);
    take('hidden', [LSTM_HIDDEN, LSTM_GATES]);
    take('bias', [LSTM_GATES]);
  }
  const { outputCount } = shape;
  const head = layerOffset(shape, shape.layerCount);
  const columns = headColumns(shape);
  const matrix = new Float32Array(LSTM_HIDDEN * outputCount);
  for (let unit = 0; unit < LSTM_HIDDEN; unit += 1) {
    const from = head + unit * columns;
    matrix.set(values.subarray(from, from + outputCount), unit * outputCount);
  }
  tensors.set('head.weight', { shape: [LSTM_HIDDEN, outputCount], values: matrix });
  const bias = head + LSTM_HIDDEN * columns;
  tensors.set('head.bias', {
    shape: [outputCount],
    values: values.slice(bias, bias + outputCount),
  });
  return tensors;
}

/** Throws MODEL_STATE_INVALID naming the model and what is wrong with its bytes. */
export function decodeLstm(name: string, bytes: Uint8Array): LstmState {
  const { tensors, metadata } = decodeTensors(name, bytes);
  const refuse = (what: string): never => {
    throw new DomainError('MODEL_STATE_INVALID', `the state of model '${name}': ${what}`);
  };
  if (metadata.kind !== 'slackwater-lstm-1') refuse(`it is of kind '${metadata.kind}'`);
  if (metadata.inputs !== JSON.stringify(INPUT_NAMES) || metadata.steps !== String(STEPS)) {
    refuse('it was trained on other inputs');
  }
  const about = JSON.parse(metadata.about) as Omit<LstmState, 'weights' | 'heldOutLoss'> & {
    readonly heldOutLoss: string;
  };
  if (about.name !== name) refuse(`it belongs to '${about.name}'`);
  const shape = JSON.parse(metadata.shape) as LstmShape | null;
  const state = { ...about, heldOutLoss: Number(about.heldOutLoss) };
  if (shape === null) return state;
  const values = new Float32Array(weightCount(shape));
  const put = (tensor: string, at: number, length: number): number => {
    const found = tensors.get(tensor);
    if (found?.values.length !== length)
      return refuse(`tensor '${tensor}' has not ${length} values`);
    values.set(found.values, at);
    return at + length;
  };
  for (let layer = 0; layer < shape.layerCount; layer += 1) {
    const inputs = layerRows(shape, layer) - LSTM_HIDDEN - 1;
    let at = layerOffset(shape, layer);
    at = put(`layer.${layer}.input`, at, inputs * LSTM_GATES);
    at = put(`layer.${layer}.hidden`, at, LSTM_HIDDEN * LSTM_GATES);
    put(`layer.${layer}.bias`, at, LSTM_GATES);
  }
  putHead(shape, tensors, values, refuse);
  return { ...state, weights: { shape, values } };
}

function putHead(
  shape: LstmShape,
  tensors: ReadonlyMap<string, Tensor>,
  values: Float32Array,
  refuse: (what: string) => never,
): void {
  const { outputCount } = shape;
  const columns = headColumns(shape);
  const from = layerOffset(shape, shape.layerCount);
  const matrix = tensors.get('head.weight')?.values;
  const bias = tensors.get('head.bias')?.values;
  if (matrix?.length !== LSTM_HIDDEN * outputCount || bias?.length !== outputCount) {
    return refuse('the head does not fit its shape');
  }
  for (let unit = 0; unit < LSTM_HIDDEN; unit += 1) {
    values.set(
      matrix.subarray(unit * outputCount, (unit + 1) * outputCount),
      from + unit * columns,
    );
  }
  values.set(bias, from + LSTM_HIDDEN * columns);
}
