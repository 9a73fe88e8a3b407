// The weights before the first lesson: small and seeded, the forget gate open, the head at the targets' quantiles.
//
// Sources: Jozefowicz et al. (2015), a forget bias of 1; uniform in +-1/sqrt(H) as PyTorch's LSTM begins.
import { quantileAt, uniform } from '../../core';
import {
  headColumns,
  layerOffset,
  LSTM_GATES,
  LSTM_HIDDEN,
  layerRows,
  weightCount,
  type LstmShape,
} from '../../kernels';

const SPREAD = 1 / Math.sqrt(LSTM_HIDDEN);
const FORGET_BIAS = 1;
const HEAD_SPREAD = 0.02; // forecasts begin at the quantiles, whatever the window

/** `targets` (N, leads), NaN = not known; outputs are (levels, leads). */
export function firstWeights(
  shape: LstmShape,
  seed: number,
  levels: readonly number[],
  targets: Float32Array,
): Float32Array {
  const values = new Float32Array(weightCount(shape));
  for (let layer = 0; layer < shape.layerCount; layer += 1) {
    const from = layerOffset(shape, layer);
    const bias = from + (layerRows(shape, layer) - 1) * LSTM_GATES;
    for (let at = from; at < bias; at += 1) values[at] = SPREAD * (2 * uniform(seed, 2, at) - 1);
    values.fill(FORGET_BIAS, bias + LSTM_HIDDEN, bias + 2 * LSTM_HIDDEN);
  }
  const columns = headColumns(shape);
  const head = layerOffset(shape, shape.layerCount);
  const leads = shape.outputCount / levels.length;
  for (let unit = 0; unit < LSTM_HIDDEN; unit += 1) {
    for (let output = 0; output < shape.outputCount; output += 1) {
      const at = head + unit * columns + output;
      values[at] = HEAD_SPREAD * (2 * uniform(seed, 3, at) - 1);
    }
  }
  for (let lead = 0; lead < leads; lead += 1) {
    const known: number[] = [];
    for (let at = lead; at < targets.length; at += leads) {
      if (!Number.isNaN(targets[at])) known.push(targets[at]);
    }
    if (known.length === 0) continue;
    known.sort((a, b) => a - b);
    const ranks = known.map((_, rank) => (rank + 0.5) / known.length);
    levels.forEach((level, at) => {
      values[head + LSTM_HIDDEN * columns + at * leads + lead] = quantileAt(level, ranks, known);
    });
  }
  return values;
}
