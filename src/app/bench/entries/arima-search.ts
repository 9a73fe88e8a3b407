// The whole order search of one night: screen and race in float32 lanes, the best in float64.
import { benchRows, expectClose, firstRows, fitResult, reference } from '../arima-case';
import { kernelEntry } from '../bench-entry';

export const entry = kernelEntry({
  name: 'arima-search',
  unit: 'series',
  describe: 'choose the order of each of n series of 672 points by AICc, and fit it',
  async prepare(small, kernels) {
    const rows = benchRows(small ? 8 : 512);
    return {
      n: rows.rowCount,
      async check() {
        const slow = await reference().arima.search(firstRows(rows, small ? 3 : 10));
        expectClose(
          'arima-search',
          'aicc',
          await kernels.arima.search(rows),
          slow,
          0.5,
          small ? 0.6 : 0.8,
        );
      },
      run: async () => fitResult(await kernels.arima.search(rows)),
    };
  },
});
