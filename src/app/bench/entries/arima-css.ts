// Cold CSS fits of (2,0,1)(1,1,1)24 on 672 points in float32 lanes.
import {
  benchRows,
  expectClose,
  firstRows,
  fitResult,
  GOAL_ORDER,
  reference,
  sameOrder,
} from '../arima-case';
import { kernelEntry } from '../bench-entry';

export const entry = kernelEntry({
  name: 'arima-css',
  unit: 'series',
  describe: 'fit (2,0,1)(1,1,1)24 by CSS on 672 points, from cold starts',
  async prepare(small, kernels) {
    const rows = benchRows(small ? 20 : 4096);
    const orders = sameOrder(rows.rowCount, GOAL_ORDER);
    const run = () => kernels.arima.fit(rows, { orders, precision: 'float32' });
    return {
      n: rows.rowCount,
      async check() {
        const few = firstRows(rows, 20);
        const slow = await reference().arima.fit(few, { orders: sameOrder(20, GOAL_ORDER) });
        // Float32 sums carry 1e-6; flat valleys end within 1e-3 of the optimum.
        expectClose('arima-css', 'sigma2', await run(), slow, 1e-3, 0.9);
      },
      run: async () => fitResult(await run()),
    };
  },
});
