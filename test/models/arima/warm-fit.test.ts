// A night's fits that begin where last night's ended.
import { batchOf } from '../../../src/core';
import { openKernels, ORDER_WIDTH, STATUS_AT } from '../../../src/kernels';
import { ArimaForecaster, FittedArima, SEARCH_AGAIN } from '../../../src/models';
import { generatedRow } from '../../kernels/generated-rows';

const HOURS = 336;
const history = batchOf(
  0,
  3_600_000,
  [0, 1, 2, 3, 4].map((row) => generatedRow(21, row, HOURS)),
);
const arima = new ArimaForecaster(openKernels());
const request = { end: HOURS, seasonLength: 24 };

function ordersOf({ state }: FittedArima, row: number): readonly number[] {
  return [...state.orders.subarray(row * ORDER_WIDTH, row * ORDER_WIDTH + STATUS_AT)];
}

describe('ARIMA that is fitted again the next night', () => {
  it('keeps each order, and searches those that are due as if there were no last night', async () => {
    const before = (await arima.fit(history, { ...request, end: HOURS - 24 })) as FittedArima;
    const cold = (await arima.fit(history, request)) as FittedArima;
    const orders = before.state.orders.slice();
    orders[1 * ORDER_WIDTH + STATUS_AT] = SEARCH_AGAIN;
    const warm = new FittedArima(openKernels(), { ...before.state, orders });
    const fitted = (await arima.fit(history, request, warm)) as FittedArima;
    for (const row of [0, 2, 3, 4]) expect(ordersOf(fitted, row)).toEqual(ordersOf(before, row));
    expect(ordersOf(fitted, 1)).toEqual(ordersOf(cold, 1));
    const alone = batchOf(0, 3_600_000, [generatedRow(21, 1, HOURS)]);
    const lone = (await arima.fit(alone, request)) as FittedArima;
    const width = fitted.state.fits.length / 5;
    expect([...fitted.state.fits.subarray(width, 2 * width)]).toEqual([...lone.state.fits]);
  });

  it('searches everything when the last night had other rows', async () => {
    const other = (await arima.fit(
      batchOf(0, 3_600_000, [generatedRow(21, 1, HOURS)]),
      request,
    )) as FittedArima;
    const cold = (await arima.fit(history, request)) as FittedArima;
    const fitted = (await arima.fit(history, request, other)) as FittedArima;
    expect(fitted.state.fits).toEqual(cold.state.fits);
  });
});
