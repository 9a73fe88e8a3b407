// Fits that begin where last night's ended; orders are searched again only where they are due.
import {
  FIT_DEGENERATE,
  FIT_WIDTH,
  ORDER_WIDTH,
  STATUS_AT,
  type ArimaFits,
  type ArimaKernels,
  type ArimaRows,
} from '../../kernels';

/** Status of a warm row whose order is not to be trusted: it is searched. */
export const SEARCH_AGAIN = 255;

/**
 * `warm`: (rowCount) orders and fits of the same rows. A row keeps its order and is fitted from its last
 * parameters, unless its status says SEARCH_AGAIN or that nothing could be fitted. A row never depends on
 * which of the others are due. O(rows x end x (iterations or orders)).
 */
export async function warmFits(
  kernels: ArimaKernels,
  rows: ArimaRows,
  warm: ArimaFits,
): Promise<ArimaFits> {
  const due: number[] = [];
  for (let row = 0; row < rows.rowCount; row += 1) {
    const status = warm.orders[row * ORDER_WIDTH + STATUS_AT];
    if (status === SEARCH_AGAIN || status === FIT_DEGENERATE) due.push(row);
  }
  // Rows that are due are fitted along, which costs less than to copy the others; searched ones win.
  const orders = warm.orders.slice();
  for (const row of due) orders.fill(0, row * ORDER_WIDTH, (row + 1) * ORDER_WIDTH);
  const options = { orders, start: warm.fits, precision: 'float32' } as const;
  const fits = await kernels.fit(rows, options);
  scatter(fits, await kernels.search(rowsAt(rows, due)), due);
  return fits;
}

function rowsAt(rows: ArimaRows, at: readonly number[]): ArimaRows {
  const { values, stride } = rows;
  const chosen = new Float64Array(at.length * stride);
  at.forEach((row, to) => {
    chosen.set(values.subarray(row * stride, (row + 1) * stride), to * stride);
  });
  return { ...rows, values: chosen, rowCount: at.length };
}

function scatter(target: ArimaFits, from: ArimaFits, at: readonly number[]): void {
  at.forEach((row, index) => {
    const order = from.orders.subarray(index * ORDER_WIDTH, (index + 1) * ORDER_WIDTH);
    target.orders.set(order, row * ORDER_WIDTH);
    const fit = from.fits.subarray(index * FIT_WIDTH, (index + 1) * FIT_WIDTH);
    target.fits.set(fit, row * FIT_WIDTH);
  });
}
