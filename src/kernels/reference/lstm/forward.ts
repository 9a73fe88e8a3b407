// One window through the layers and the head in float64, step by step; keeps what the way back needs.
import {
  headColumns,
  layerOffset,
  layerRows,
  LSTM_GATES,
  LSTM_HIDDEN as H,
  type LstmShape,
} from '../../lstm-kernels';

/** Of one layer: rows by step. */
export interface LayerTrace {
  /** (T, D + H + 1): inputs, hidden units before the step, 1. */
  readonly rows: Float64Array;
  /** (T, 4 H): i f g o after their functions. */
  readonly gates: Float64Array;
  /** (T + 1, H) */
  readonly cells: Float64Array;
}

export interface Trace {
  readonly layers: readonly LayerTrace[];
  /** (H + 1): last hidden units, and 1. */
  readonly last: Float64Array;
  /** (O) */
  readonly outputs: Float64Array;
}

export type Rounding = (row: Float64Array) => Float64Array;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** `values` as LstmWeights lays them out; `inputs` (T, I). O(T H (D + H)). */
export function forward(
  shape: LstmShape,
  values: ArrayLike<number>,
  inputs: ArrayLike<number>,
  stepCount: number,
  rounded: Rounding = (row) => row,
): Trace {
  const layers = Array.from({ length: shape.layerCount }, (_, layer) => ({
    rows: new Float64Array(stepCount * layerRows(shape, layer)),
    gates: new Float64Array(stepCount * LSTM_GATES),
    cells: new Float64Array((stepCount + 1) * H),
  }));
  const hidden = layers.map(() => new Float64Array(H));
  for (let t = 0; t < stepCount; t += 1) {
    layers.forEach((trace, layer) => {
      const width = layerRows(shape, layer);
      const row = trace.rows.subarray(t * width, (t + 1) * width);
      if (layer === 0) {
        for (let at = 0; at < shape.inputCount; at += 1)
          row[at] = inputs[t * shape.inputCount + at];
      } else {
        row.set(hidden[layer - 1]);
      }
      row.set(hidden[layer], width - H - 1);
      row[width - 1] = 1;
      const matrix = layerOffset(shape, layer);
      const gates = trace.gates.subarray(t * LSTM_GATES, (t + 1) * LSTM_GATES);
      gates.set(product(rounded(row), values, matrix, LSTM_GATES));
      for (let unit = 0; unit < H; unit += 1) {
        const i = sigmoid(gates[unit]);
        const f = sigmoid(gates[H + unit]);
        const g = Math.tanh(gates[2 * H + unit]);
        const o = sigmoid(gates[3 * H + unit]);
        const cell = f * trace.cells[t * H + unit] + i * g;
        trace.cells[(t + 1) * H + unit] = cell;
        hidden[layer][unit] = o * Math.tanh(cell);
        gates[unit] = i;
        gates[H + unit] = f;
        gates[2 * H + unit] = g;
        gates[3 * H + unit] = o;
      }
    });
  }
  const last = new Float64Array(H + 1);
  last.set(hidden[shape.layerCount - 1]);
  last[H] = 1;
  const columns = headColumns(shape);
  const all = product(last, values, layerOffset(shape, shape.layerCount), columns);
  return { layers, last, outputs: all.subarray(0, shape.outputCount) };
}

/** row x matrix of `columns` columns that begins at `offset`. */
function product(
  row: Float64Array,
  values: ArrayLike<number>,
  offset: number,
  columns: number,
): Float64Array {
  const sums = new Float64Array(columns);
  for (let k = 0; k < row.length; k += 1) {
    const from = offset + k * columns;
    for (let n = 0; n < columns; n += 1) sums[n] += row[k] * values[from + n];
  }
  return sums;
}
