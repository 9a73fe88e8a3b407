// Prediction by symmetric trees: nanoseconds of one core for a row and a tree.
import { DomainError } from '../../../core';
import { openKernels } from '../../../kernels';
import { kernelEntry } from '../bench-entry';
import { lagMatrix, trainingOf } from '../boosted-case';

const CHECKED_ROWS = 777;

export const entry = kernelEntry({
  name: 'boosted-predict',
  unit: 'row and tree',
  describe: 'predict with trees of depth 6 and one output on 60 lags',
  async prepare(small, kernels) {
    const { boosted } = kernels;
    const trees = await boosted.train(trainingOf(6_720, small ? 4 : 200));
    const { matrix } = lagMatrix(small ? CHECKED_ROWS : 200_000);
    return {
      n: matrix.rowCount * trees.treeCount,
      async check() {
        const few = lagMatrix(CHECKED_ROWS).matrix;
        const slow = await openKernels('reference').boosted.predict(trees, few);
        const fast = await boosted.predict(trees, few);
        if (fast.some((value, row) => value !== slow[row])) {
          throw new DomainError(
            'INTERNAL',
            "bench boosted-predict: bits differ from the reference's",
          );
        }
      },
      run: async () => ({ values: Float64Array.from(await boosted.predict(trees, matrix)) }),
    };
  },
});
