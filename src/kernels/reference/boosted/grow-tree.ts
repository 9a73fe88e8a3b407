// The structure of one tree: at each level the one split that serves all nodes best.
import type { ByteMatrix } from '../../boosted-kernels';

export interface TreeRows {
  readonly rows: readonly number[];
  /** (rows) integers. */
  readonly gradients: Int32Array;
  /** (rows) integers > 0. */
  readonly weights: Int32Array;
}

export interface Split {
  readonly feature: number;
  readonly bin: number;
  readonly gain: number;
}

/**
 * Gain of a split: sum over nodes of GL^2/(HL + l2) + GR^2/(HR + l2) - G^2/(H + l2) (Chen and Guestrin
 * 2016, eq. 7); the first feature and the lowest bin of equals. O(depth x rows x features).
 */
export function growTree(
  matrix: ByteMatrix,
  binCount: number,
  features: readonly number[],
  drawn: TreeRows,
  depth: number,
  l2: number,
): readonly Split[] {
  const node = new Int32Array(drawn.rows.length);
  const splits: Split[] = [];
  for (let level = 0; level < depth; level += 1) {
    let best: Split = { feature: features[0] ?? 0, bin: 0, gain: -1 };
    for (const feature of features) {
      const gains = gainsOf(matrix, binCount, feature, drawn, node, 2 ** level, l2);
      for (let bin = 0; bin + 1 < binCount; bin += 1) {
        if (gains[bin] > best.gain) best = { feature, bin, gain: gains[bin] };
      }
    }
    splits.push({ ...best, gain: Math.max(best.gain, 0) });
    drawn.rows.forEach((row, at) => {
      const right = matrix.bins[best.feature * matrix.rowCount + row] > best.bin;
      if (right) node[at] += 2 ** level;
    });
  }
  return splits;
}

/** (binCount): the gain of splitting all nodes after each bin. */
function gainsOf(
  matrix: ByteMatrix,
  binCount: number,
  feature: number,
  drawn: TreeRows,
  node: Int32Array,
  nodeCount: number,
  l2: number,
): Float64Array {
  const gradient = new Float64Array(nodeCount * binCount);
  const weight = new Float64Array(nodeCount * binCount);
  drawn.rows.forEach((row, at) => {
    const cell = node[at] * binCount + matrix.bins[feature * matrix.rowCount + row];
    gradient[cell] += drawn.gradients[at];
    weight[cell] += drawn.weights[at];
  });
  const gains = new Float64Array(binCount);
  for (let one = 0; one < nodeCount; one += 1) {
    const cells = [one * binCount, (one + 1) * binCount] as const;
    const sum = gradient.subarray(...cells).reduce((a, b) => a + b, 0);
    const total = weight.subarray(...cells).reduce((a, b) => a + b, 0);
    if (total === 0) continue; // no row came here
    const whole = (sum * sum) / (total + l2);
    let left = 0;
    let leftWeight = 0;
    for (let bin = 0; bin + 1 < binCount; bin += 1) {
      left += gradient[cells[0] + bin];
      leftWeight += weight[cells[0] + bin];
      const right = sum - left;
      const rightWeight = total - leftWeight;
      gains[bin] +=
        (left * left) / (leftWeight + l2) + (right * right) / (rightWeight + l2) - whole;
    }
  }
  return gains;
}
