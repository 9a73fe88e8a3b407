// CSS fits of (2,0,1)(1,1,1)24 that begin at last night's optimum: one night newer series.
import {
  benchRows,
  DAY,
  expectClose,
  firstRows,
  fitResult,
  GOAL_ORDER,
  POINTS,
  reference,
  sameOrder,
} from '../arima-case';
import { kernelEntry } from '../bench-entry';

export const entry = kernelEntry({
  name: 'arima-css-warm',
  unit: 'series',
  describe: 'the same fit from the optimum of the night before',
  async prepare(small, kernels) {
    const rows = benchRows(small ? 20 : 4096);
    const orders = sameOrder(rows.rowCount, GOAL_ORDER);
    const yesterday = { ...rows, end: POINTS - DAY };
    const { fits: start } = await kernels.arima.fit(yesterday, { orders });
    const run = () => kernels.arima.fit(rows, { orders, start, precision: 'float32' });
    return {
      n: rows.rowCount,
      async check() {
        const few = firstRows(rows, 20);
        const slow = await reference().arima.fit(few, { orders: sameOrder(20, GOAL_ORDER) });
        // A start in a flat valley may rest there in float32: nine in ten rows.
        expectClose('arima-css-warm', 'sigma2', await run(), slow, 1e-3, 0.9);
      },
      run: async () => fitResult(await run()),
    };
  },
});
