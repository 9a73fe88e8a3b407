// Orders and parameters of rows: searched by class, or carried over from last night and refitted.
import {
  FIT_DEGENERATE,
  FIT_WIDTH,
  LEVEL_ORDERS,
  ORDER_WIDTH,
  SEASONAL_ORDERS,
  STATUS_AT,
} from '../../kernels';
import type { ArimaFits, ArimaOrder, ArimaRows, CompressedRows, Kernels } from '../../kernels';

/** Status of a warm row whose order is not to be trusted: it is searched. */
export const SEARCH_AGAIN = 255;

/** Candidates of rows by `CompressedRows.seasonal`. */
export interface OrderClasses {
  readonly level: readonly ArimaOrder[];
  readonly seasonal: readonly ArimaOrder[];
}

export const SHORT_SEASON_CLASSES = { level: LEVEL_ORDERS, seasonal: SEASONAL_ORDERS };

/**
 * `seasonal`: the class of each row. `warm`: orders and fits of the same rows last night; a row keeps its order and
 * is fitted from its last parameters, unless its status says SEARCH_AGAIN or that nothing could be fitted. A
 * row never depends on which of the others are due. O(rows x end x orders), a twentieth of it for a warm row.
 */
export async function fitOrders(
  kernels: Kernels,
  { rows, seasonal }: Pick<CompressedRows, 'rows' | 'seasonal'>,
  classes: OrderClasses,
  warm?: ArimaFits,
): Promise<ArimaFits> {
  const out = warm === undefined ? emptyFits(rows.rowCount) : await refitted(kernels, rows, warm);
  const lists: [number[], number[]] = [[], []];
  for (let r = 0; r < rows.rowCount; r += 1) {
    if (warm === undefined || isDue(warm, r)) lists[seasonal[r]].push(r);
  }
  for (const [isSeasonal, list] of lists.entries()) {
    if (list.length === 0) continue;
    const candidates = isSeasonal === 1 ? classes.seasonal : classes.level;
    const found = await kernels.arima.search(selected(rows, list), { candidates });
    list.forEach((r, at) => {
      const order = found.orders.subarray(at * ORDER_WIDTH, (at + 1) * ORDER_WIDTH);
      out.orders.set(order, r * ORDER_WIDTH);
      out.fits.set(found.fits.subarray(at * FIT_WIDTH, (at + 1) * FIT_WIDTH), r * FIT_WIDTH);
    });
  }
  return out;
}

function isDue({ orders }: ArimaFits, r: number): boolean {
  const status = orders[r * ORDER_WIDTH + STATUS_AT];
  return status === SEARCH_AGAIN || status === FIT_DEGENERATE;
}

/** Rows that are due are fitted along, which costs less than to copy the others; searched ones win. */
async function refitted(kernels: Kernels, rows: ArimaRows, warm: ArimaFits): Promise<ArimaFits> {
  const orders = warm.orders.slice();
  for (let r = 0; r < rows.rowCount; r += 1) {
    if (isDue(warm, r)) orders.fill(0, r * ORDER_WIDTH, (r + 1) * ORDER_WIDTH);
  }
  return kernels.arima.fit(rows, { orders, start: warm.fits, precision: 'float32' });
}

function selected(rows: ArimaRows, list: readonly number[]): ArimaRows {
  if (list.length === rows.rowCount) return rows;
  const { end, stride } = rows;
  const values = new Float64Array(list.length * end);
  list.forEach((r, at) => values.set(rows.values.subarray(r * stride, r * stride + end), at * end));
  return { ...rows, values, rowCount: list.length, stride: end };
}

function emptyFits(rowCount: number): ArimaFits {
  const orders = new Uint8Array(rowCount * ORDER_WIDTH);
  return { orders, fits: new Float64Array(rowCount * FIT_WIDTH) };
}
