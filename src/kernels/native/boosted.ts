// Boosted trees in the addon: integer histograms, one thread for a few columns at a time.
import {
  BOOSTED_LOSSES,
  BoostedKernels,
  checkMatrix,
  checkTraining,
  emptyTrees,
} from '../boosted-kernels';
import type { BoostedTraining, BoostedTrees, ByteMatrix } from '../boosted-kernels';
import type { AddonCaller } from './addon';

export class NativeBoosted extends BoostedKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async train(request: BoostedTraining): Promise<BoostedTrees> {
    checkTraining(request);
    const { matrix, target, weight, levels, loss } = request;
    const { splitFeatures, splitBins, splitGains, leaves, base, ...trees } = emptyTrees(request);
    const arrays = { splitFeatures, splitBins, splitGains, leaves, base };
    await this.caller.call('boosted.train', {
      ...arrays,
      bins: matrix.bins,
      rows: matrix.rowCount,
      features: matrix.featureCount,
      binCount: request.binCount,
      target,
      ...(weight === undefined ? {} : { weight }),
      loss: BOOSTED_LOSSES.indexOf(loss),
      ...(levels === undefined ? {} : { levels: Float64Array.from(levels) }),
      outputs: trees.outputCount,
      trees: request.treeCount,
      depth: request.depth,
      learningRate: request.learningRate,
      l2: request.l2,
      rowShare: request.rowShare,
      featureShare: request.featureShare,
      seed: request.seed >>> 0,
      score: new Float32Array(trees.outputCount * matrix.rowCount),
    });
    return { ...trees, ...arrays };
  }

  override async predict(trees: BoostedTrees, matrix: ByteMatrix): Promise<Float32Array> {
    checkMatrix(matrix);
    const { splitFeatures, splitBins, leaves, base } = trees;
    const out = new Float32Array(trees.outputCount * matrix.rowCount);
    await this.caller.call('boosted.predict', {
      bins: matrix.bins,
      rows: matrix.rowCount,
      trees: trees.treeCount,
      depth: trees.depth,
      outputs: trees.outputCount,
      splitFeatures,
      splitBins,
      leaves,
      base,
      out,
    });
    return out;
  }
}
