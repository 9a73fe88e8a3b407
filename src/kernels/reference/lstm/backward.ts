// The gradient of the pinball loss of one window, by back-propagation through time, in float64.
import {
  headColumns,
  layerOffset,
  layerRows,
  LSTM_GATES,
  LSTM_HIDDEN as H,
  type LstmShape,
} from '../../lstm-kernels';
import type { LayerTrace, Trace } from './forward';

export interface WindowLoss {
  /** Sum over known leads and all levels. */
  readonly loss: number;
  /** Terms in that sum. */
  readonly terms: number;
}

/** Adds d loss / d weight of one window to `gradient`. `targets` (leads), NaN = not known. */
export function addGradient(
  shape: LstmShape,
  values: ArrayLike<number>,
  trace: Trace,
  targets: ArrayLike<number>,
  levels: readonly number[],
  gradient: Float64Array,
): WindowLoss {
  const leads = targets.length;
  const slopes = new Float64Array(headColumns(shape));
  let loss = 0;
  let terms = 0;
  levels.forEach((level, at) => {
    for (let lead = 0; lead < leads; lead += 1) {
      if (Number.isNaN(targets[lead])) continue;
      const error = targets[lead] - trace.outputs[at * leads + lead];
      loss += error >= 0 ? level * error : (level - 1) * error;
      slopes[at * leads + lead] = error >= 0 ? -level : 1 - level;
      terms += 1;
    }
  });
  const head = layerOffset(shape, shape.layerCount);
  addOuter(trace.last, slopes, gradient, head);
  // d loss / d hidden of every layer at the step at hand, and d loss / d cell.
  const hidden: Float64Array[] = trace.layers.map(() => new Float64Array(H));
  const cells = trace.layers.map(() => new Float64Array(H));
  hidden[shape.layerCount - 1] = backProduct(values, head, slopes, 0, H);
  const stepCount = trace.layers[0].gates.length / LSTM_GATES;
  for (let t = stepCount - 1; t >= 0; t -= 1) {
    for (let layer = shape.layerCount - 1; layer >= 0; layer -= 1) {
      const width = layerRows(shape, layer);
      const matrix = layerOffset(shape, layer);
      const gates = gateSlopes(trace.layers[layer], t, hidden[layer], cells[layer]);
      const row = trace.layers[layer].rows.subarray(t * width, (t + 1) * width);
      addOuter(row, gates, gradient, matrix);
      hidden[layer] = backProduct(values, matrix, gates, width - H - 1, H);
      if (layer > 0) {
        const below = backProduct(values, matrix, gates, 0, H);
        below.forEach((slope, unit) => (hidden[layer - 1][unit] += slope));
      }
    }
  }
  return { loss, terms };
}

/** Slopes before the gates' functions; `cells` becomes the slope of the cell one step earlier. */
function gateSlopes(
  { gates, cells: values }: LayerTrace,
  t: number,
  hidden: Float64Array,
  cells: Float64Array,
): Float64Array {
  const slopes = new Float64Array(LSTM_GATES);
  for (let unit = 0; unit < H; unit += 1) {
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => gates[t * LSTM_GATES + gate * H + unit]);
    const bent = Math.tanh(values[(t + 1) * H + unit]);
    const cell = cells[unit] + hidden[unit] * o * (1 - bent * bent);
    slopes[unit] = cell * g * i * (1 - i);
    slopes[H + unit] = cell * values[t * H + unit] * f * (1 - f);
    slopes[2 * H + unit] = cell * i * (1 - g * g);
    slopes[3 * H + unit] = hidden[unit] * bent * o * (1 - o);
    cells[unit] = cell * f;
  }
  return slopes;
}

function addOuter(row: Float64Array, slopes: Float64Array, sums: Float64Array, to: number): void {
  for (let k = 0; k < row.length; k += 1) {
    for (let n = 0; n < slopes.length; n += 1)
      sums[to + k * slopes.length + n] += row[k] * slopes[n];
  }
}

/** Rows [first, first + count) of a matrix times the slopes of its columns. */
function backProduct(
  values: ArrayLike<number>,
  offset: number,
  slopes: Float64Array,
  first: number,
  count: number,
): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => {
    let sum = 0;
    const from = offset + (first + k) * slopes.length;
    for (let n = 0; n < slopes.length; n += 1) sum += values[from + n] * slopes[n];
    return sum;
  });
}
