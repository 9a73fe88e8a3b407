// Training of symmetric trees on 60 lags: nanoseconds of one core for a row and a tree.
import { openKernels } from '../../../kernels';
import { kernelEntry } from '../bench-entry';
import { expectSameTrees, trainingOf } from '../boosted-case';

const SMALL_ROWS = 1_344;

export const entry = kernelEntry({
  name: 'boosted-train',
  unit: 'row and tree',
  describe: 'train trees of depth 6 on 60 lags by squared loss',
  async prepare(small, kernels) {
    const request = small ? trainingOf(SMALL_ROWS, 4) : trainingOf(200_000, 20);
    return {
      n: request.matrix.rowCount * request.treeCount,
      async check() {
        const few = trainingOf(SMALL_ROWS, 4);
        const slow = await openKernels('reference').boosted.train(few);
        expectSameTrees('boosted-train', await kernels.boosted.train(few), slow);
      },
      async run() {
        const { leaves } = await kernels.boosted.train(request);
        return { values: Float64Array.from(leaves) };
      },
    };
  },
});
