// The orders of the search: what won on hourly VM load, with the classics that a user expects.
import { ORDER_WIDTH } from './arima-kernels';
import type { ArimaOrder } from './arima-kernels';

type Row = readonly [string, string, boolean?];

/** "pdq", "PDQ", mean. */
const ROWS: readonly Row[] = [
  ['000', '000', true],
  ['000', '100', true],
  ['000', '101', true],
  ['100', '000', true],
  ['100', '100', true],
  ['100', '101', true],
  ['200', '000', true],
  ['200', '100', true],
  ['101', '000', true],
  ['101', '100', true],
  ['101', '101', true],
  ['201', '101', true],
  ['202', '101', true],
  ['101', '101', false],
  ['201', '101', false],
  ['010', '000', false],
  ['011', '000', false],
  ['110', '000', false],
  ['111', '000', false],
  ['012', '000', false],
  ['011', '100', false],
  ['011', '101', false],
  ['111', '101', false],
  ['012', '101', false],
  ['000', '010', false],
  ['000', '011', false],
  ['000', '011', true],
  ['100', '011', false],
  ['100', '011', true],
  ['101', '011', false],
  ['200', '011', false],
  ['100', '111', false],
  ['101', '111', false],
  ['201', '111', false],
  ['011', '011', false],
  ['012', '011', false],
  ['111', '011', false],
];

const digit = (text: string, at: number): number => Number(text[at]);

export const SEARCH_ORDERS: readonly ArimaOrder[] = ROWS.map(([pdq, seasonal, mean]) => {
  return {
    p: digit(pdq, 0) as 0 | 1 | 2,
    d: digit(pdq, 1) as 0 | 1,
    q: digit(pdq, 2) as 0 | 1 | 2,
    P: digit(seasonal, 0) as 0 | 1,
    D: digit(seasonal, 1) as 0 | 1,
    Q: digit(seasonal, 2) as 0 | 1,
    mean: mean === true,
  };
});

/**
 * The orders of a row whose season foretells (d = 0, D = 1) and of one whose level does (d = 1, D = 0).
 * d and D are not chosen by AICc, which compares likelihoods of unlike series, but by which naive rule is
 * better (as Hyndman & Khandakar 2008 choose them by tests).
 */
export const SEASONAL_ORDERS = SEARCH_ORDERS.filter(({ d, D }) => D === 1 && d === 0);
export const LEVEL_ORDERS = SEARCH_ORDERS.filter(({ d, D }) => d === 1 && D === 0);

/** Candidates as bytes; without a season only those without seasonal parts. */
export function candidateBytes(orders: readonly ArimaOrder[], seasonLength: number): Uint8Array {
  const fit = orders.filter((o) => seasonLength > 1 || o.P + o.D + o.Q === 0);
  const bytes = new Uint8Array(fit.length * ORDER_WIDTH);
  fit.forEach((order, index) => bytes.set(orderBytes(order), index * ORDER_WIDTH));
  return bytes;
}

export function orderBytes(order: ArimaOrder): Uint8Array {
  const { p, d, q, P, D, Q, mean } = order;
  return Uint8Array.of(p, d, q, P, D, Q, mean ? 1 : 0, 0);
}

/** "(1,0,1)(0,1,1) with mean" */
export function orderName(bytes: Uint8Array, index = 0): string {
  const [p, d, q, P, D, Q, mean] = bytes.subarray(index * ORDER_WIDTH);
  return `(${p},${d},${q})(${P},${D},${Q})${mean ? ' with mean' : ''}`;
}
