// Boosted trees, the obvious way: the oracle of the faster kernels.
import { BoostedKernels, checkMatrix, checkTraining } from '../../boosted-kernels';
import type { BoostedTraining, BoostedTrees, ByteMatrix } from '../../boosted-kernels';
import { referenceTrain } from './train';

export class ReferenceBoosted extends BoostedKernels {
  override async train(request: BoostedTraining): Promise<BoostedTrees> {
    checkTraining(request);
    return referenceTrain(request);
  }

  override async predict(trees: BoostedTrees, matrix: ByteMatrix): Promise<Float32Array> {
    checkMatrix(matrix);
    const { treeCount, depth, outputCount, splitFeatures, splitBins, leaves, base } = trees;
    const { bins, rowCount } = matrix;
    const out = new Float32Array(outputCount * rowCount);
    for (let row = 0; row < rowCount; row += 1) {
      for (let output = 0; output < outputCount; output += 1) {
        out[output * rowCount + row] = base[output];
      }
      for (let tree = 0; tree < treeCount; tree += 1) {
        let leaf = 0;
        for (let level = 0; level < depth; level += 1) {
          const at = tree * depth + level;
          if (bins[splitFeatures[at] * rowCount + row] > splitBins[at]) leaf += 2 ** level;
        }
        for (let output = 0; output < outputCount; output += 1) {
          out[output * rowCount + row] += leaves[(tree * outputCount + output) * 2 ** depth + leaf];
        }
      }
    }
    return out;
  }
}
