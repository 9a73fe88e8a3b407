// Gradient-boosted symmetric trees on byte columns: what their kernels are asked.

/** Features as bins; a missing value is a bin like any other, chosen by who makes the bins. */
export interface ByteMatrix {
  /** (featureCount, rowCount), feature-major; every byte < binCount. */
  readonly bins: Uint8Array;
  readonly featureCount: number;
  readonly rowCount: number;
}

export const BOOSTED_LOSSES = ['squared', 'pinball', 'logistic'] as const;
export type BoostedLoss = (typeof BOOSTED_LOSSES)[number];

export interface BoostedTraining {
  readonly matrix: ByteMatrix;
  /** Bins in use, 2 to 256. */
  readonly binCount: number;
  /** (rowCount), finite; 0 or 1 where the loss is logistic. */
  readonly target: Float32Array;
  /** (rowCount), > 0; absent = all alike. */
  readonly weight?: Float32Array;
  readonly loss: BoostedLoss;
  /** Ascending levels of pinball, one output each; they share the trees' structure. Else absent. */
  readonly levels?: readonly number[];
  readonly treeCount: number;
  /** 1 to 8: 2^depth leaves. */
  readonly depth: number;
  readonly learningRate: number;
  /** Pulls leaves toward 0 as that many rows would. */
  readonly l2: number;
  /** Rows (in chunks of 64) and features that one tree sees, in (0, 1]. */
  readonly rowShare: number;
  readonly featureShare: number;
  readonly seed: number;
}

/** A trained ensemble. A row goes to bit d of its leaf when its bin of splitFeatures[d] > splitBins[d]. */
export interface BoostedTrees {
  readonly loss: BoostedLoss;
  readonly treeCount: number;
  readonly depth: number;
  readonly outputCount: number;
  /** (treeCount, depth) */
  readonly splitFeatures: Uint16Array;
  /** (treeCount, depth) */
  readonly splitBins: Uint8Array;
  /** (treeCount, depth): what the split won, in squared gradient steps; for importance. */
  readonly splitGains: Float32Array;
  /** (treeCount, outputCount, 2^depth), learning rate included. */
  readonly leaves: Float32Array;
  /** (outputCount): the forecast before any tree. */
  readonly base: Float32Array;
}

export const DEPTH_MAX = 8;
export const OUTPUTS_MAX = 16;
export const CHUNK_ROWS = 64;
export const BINS_MAX = 256;

/** Pure functions; a predicted row never depends on other rows, bit for bit. */
export abstract class BoostedKernels {
  /** O(treeCount x rowCount x (features + outputs)). Equal bits for any number of threads. */
  abstract train(request: BoostedTraining): Promise<BoostedTrees>;
  /** (outputCount, rowCount); log-odds where the loss is logistic. */
  abstract predict(trees: BoostedTrees, matrix: ByteMatrix): Promise<Float32Array>;
}

/** Throws RangeError (a programming error) when sizes or settings do not fit. */
export function checkTraining(request: BoostedTraining): void {
  const { matrix, target, weight, levels, loss, depth, binCount } = request;
  const wrong = (what: string): never => {
    throw new RangeError(`boosted training: ${what}`);
  };
  checkMatrix(matrix);
  if (target.length !== matrix.rowCount) wrong(`${target.length} targets, ${matrix.rowCount} rows`);
  if (weight !== undefined && weight.length !== matrix.rowCount) wrong('weights do not fit rows');
  if (!(depth >= 1 && depth <= DEPTH_MAX)) wrong(`depth ${depth}; 1 to ${DEPTH_MAX}`);
  if (!(binCount >= 2 && binCount <= BINS_MAX)) wrong(`${binCount} bins; 2 to ${BINS_MAX}`);
  const outputs = levels?.length ?? 1;
  if (!(outputs >= 1 && outputs <= OUTPUTS_MAX)) wrong(`${outputs} levels; 1 to ${OUTPUTS_MAX}`);
  if ((loss === 'pinball') !== (levels !== undefined)) wrong('levels belong to pinball alone');
}

export function checkMatrix({ bins, featureCount, rowCount }: ByteMatrix): void {
  if (bins.length !== featureCount * rowCount) {
    throw new RangeError(
      `${bins.length} bins are not ${featureCount} features of ${rowCount} rows`,
    );
  }
}

/** Trees of zeros, to be filled in by a kernel. */
export function emptyTrees(request: BoostedTraining): BoostedTrees {
  const { treeCount, depth, loss } = request;
  const outputCount = request.levels?.length ?? 1;
  return {
    loss,
    treeCount,
    depth,
    outputCount,
    splitFeatures: new Uint16Array(treeCount * depth),
    splitBins: new Uint8Array(treeCount * depth),
    splitGains: new Float32Array(treeCount * depth),
    leaves: new Float32Array(treeCount * outputCount * 2 ** depth),
    base: new Float32Array(outputCount),
  };
}
