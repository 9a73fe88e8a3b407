// Exact likelihood refinement of (2,0,1)(1,1,1)24 fits of 672 points, from their CSS optimum.
import { DomainError } from '../../../core';
import { benchRows, firstRows, GOAL_ORDER, reference, sameOrder } from '../arima-case';
import { kernelEntry } from '../bench-entry';

export const entry = kernelEntry({
  name: 'arima-exact',
  unit: 'series',
  describe: 'raise the exact likelihood of (2,0,1)(1,1,1)24 on 672 points from the CSS optimum',
  async prepare(small, kernels) {
    const rows = benchRows(small ? 2 : 512);
    const orders = sameOrder(rows.rowCount, GOAL_ORDER);
    const fits = await kernels.arima.fit(rows, { orders, precision: 'float32' });
    return {
      n: rows.rowCount,
      async check() {
        const few = firstRows(rows, 2);
        const start = { orders: fits.orders.slice(0, 16), fits: fits.fits.slice(0, 26) };
        const slow = await reference().arima.exact(few, start, 0);
        const same = await kernels.arima.exact(few, start, 0);
        const raised = await kernels.arima.exact(few, start);
        slow.logLikelihood.forEach((value, r) => {
          const isSame = Math.abs(same.logLikelihood[r] / value - 1) < 1e-8;
          if (isSame && raised.logLikelihood[r] >= value) return;
          throw new DomainError(
            'INTERNAL',
            `bench arima-exact: row ${r} differs from the reference`,
          );
        });
      },
      run: async () => ({ values: (await kernels.arima.exact(rows, fits)).fits }),
    };
  },
});
