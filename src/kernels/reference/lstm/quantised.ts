// The window in 8-bit integers: inputs and hidden units as bytes, one scale for each gate's column of weights.
//
// Source: Jacob et al. (2018), symmetric weights; the head and the cells stay in floating point.
import { layerOffset, layerRows, LSTM_GATES, type LstmShape } from '../../lstm-kernels';
import { forward, type Trace } from './forward';

/** Steps of 1 in a byte: inputs and hidden units lie in [-1, 1]. */
export const BYTE_UNIT = 127;

/** As `forward`; differs from it by what rounding to bytes costs. */
export function quantisedForward(
  shape: LstmShape,
  values: ArrayLike<number>,
  inputs: ArrayLike<number>,
  stepCount: number,
): Trace {
  const rounded = Float64Array.from(values);
  for (let layer = 0; layer < shape.layerCount; layer += 1) roundColumns(shape, layer, rounded);
  return forward(shape, rounded, inputs, stepCount, roundRow);
}

/** All rows but the bias become multiples of the column's largest weight over 127. */
function roundColumns(shape: LstmShape, layer: number, values: Float64Array): void {
  const offset = layerOffset(shape, layer);
  const rows = layerRows(shape, layer) - 1;
  for (let column = 0; column < LSTM_GATES; column += 1) {
    let most = 1e-30;
    for (let k = 0; k < rows; k += 1) {
      most = Math.max(most, Math.abs(values[offset + k * LSTM_GATES + column]));
    }
    const unit = Math.fround(most / BYTE_UNIT);
    for (let k = 0; k < rows; k += 1) {
      const at = offset + k * LSTM_GATES + column;
      values[at] = Math.round(values[at] / unit) * unit;
    }
  }
}

function roundRow(row: Float64Array): Float64Array {
  return row.map((value, at) =>
    at === row.length - 1
      ? value
      : Math.round(Math.min(1, Math.max(-1, value)) * BYTE_UNIT) / BYTE_UNIT,
  );
}
