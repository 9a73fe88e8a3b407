// ARIMA by conditional sum of squares: orders, fits, and what its kernels are asked.

/** p, d, q, P, D, Q and whether a mean (a drift, when differenced) is estimated. */
export interface ArimaOrder {
  readonly p: 0 | 1 | 2;
  readonly d: 0 | 1;
  readonly q: 0 | 1 | 2;
  readonly P: 0 | 1;
  readonly D: 0 | 1;
  readonly Q: 0 | 1;
  readonly mean: boolean;
}

/** Bytes of one order in `ArimaFits.orders`: p d q P D Q mean status. */
export const ORDER_WIDTH = 8;
/** Numbers of one fit in `ArimaFits.fits`, at the places of `FIT`. */
export const FIT_WIDTH = 13;
export const FIT = {
  phi1: 0,
  phi2: 1,
  theta1: 2,
  theta2: 3,
  seasonalPhi: 4,
  seasonalTheta: 5,
  mean: 6,
  sigma2: 7,
  shift: 8,
  scale: 9,
  scored: 10,
  aicc: 11,
  /** Residual and derivative passes spent, all orders together (native only). */
  evaluations: 12,
} as const;
export const STATUS_AT = 7;
export const FIT_CONVERGED = 0;
export const FIT_MAX_ITERATIONS = 1;
export const FIT_DEGENERATE = 2;

/** Longest season of the factored model; longer ones want Fourier terms. */
export const SEASON_MAX = 48;

/** Rows of equal stride; a value that is not finite is missing; columns >= end are never read. */
export interface ArimaRows {
  /** (rowCount, stride) row-major, any unit. */
  readonly values: Float64Array;
  readonly rowCount: number;
  readonly stride: number;
  readonly end: number;
  /** 1 (no season) to SEASON_MAX. */
  readonly seasonLength: number;
}

/**
 * Fitted rows. Parameters and sigma2 belong to (value - shift) / scale, where shift and scale are mean and
 * standard deviation of the known values: fits are equivariant in level and unit.
 */
export interface ArimaFits {
  /** (rowCount, ORDER_WIDTH); the last byte is FIT_CONVERGED, FIT_MAX_ITERATIONS, FIT_DEGENERATE. */
  readonly orders: Uint8Array;
  /** (rowCount, FIT_WIDTH) */
  readonly fits: Float64Array;
}

export interface ArimaFitOptions {
  /** (rowCount, ORDER_WIDTH): the order of each row. */
  readonly orders: Uint8Array;
  /** Start of the search; absent = a fixed start by order. */
  readonly start?: Float64Array;
  /** Lanes of the native fit; the reference is always float64. */
  readonly precision?: 'float32' | 'float64';
  readonly maxIterations?: number;
}

export interface ArimaSearchOptions {
  /** At least one; default SEARCH_ORDERS. */
  readonly candidates?: readonly ArimaOrder[];
  readonly maxIterations?: number;
}

export interface ArimaPaths {
  /** (rowCount, horizon) in the unit of the rows. */
  readonly mean: Float64Array;
  /** (rowCount, horizon) in that unit squared. */
  readonly variance: Float64Array;
}

export interface ExactFits extends ArimaFits {
  /** (rowCount): of the differenced values in their own unit; 0 where a row has no model. */
  readonly logLikelihood: Float64Array;
}

/** What a row is measured by: z = sign(x) (sqrt(1 + 2 |x|) - 1), x = (value - centre) / unit. */
export interface ArimaScales {
  /** (rowCount): median of every fifth known value; 0 where none is known. */
  readonly centre: Float64Array;
  /** (rowCount): > 0, or 0 for a row that is left as it is. */
  readonly unit: Float64Array;
}

/** Rows in which a burst weighs like a square root: shift- and scale-equivariant, and invertible. */
export interface CompressedRows extends ArimaScales {
  /** (rowCount, end), stride = end. */
  readonly rows: ArimaRows;
  /** (rowCount): range of the known values; +Infinity and -Infinity where none is known. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** (rowCount): 1 where the value of a season ago is the better forecast within a season. */
  readonly seasonal: Uint8Array;
}

/** The value whose compressed form is `z`. */
export function stretched(z: number, centre: number, unit: number): number {
  if (unit === 0) return z;
  const size = Math.abs(z);
  const x = size + (size * size) / 2;
  return centre + unit * (z < 0 ? -x : x);
}

/** Every method is a pure function of its arguments; a row never depends on other rows, bit for bit. */
export abstract class ArimaKernels {
  /** Fits each row with its own order. O(rows x points x iterations). */
  abstract fit(rows: ArimaRows, options: ArimaFitOptions): Promise<ArimaFits>;
  /** Chooses each row's order by AICc over the same last points, and fits it. */
  abstract search(rows: ArimaRows, options?: ArimaSearchOptions): Promise<ArimaFits>;
  /**
   * Exact likelihood at the fits, raised by at most `maxIterations` steps (0: none; default 20). FIT.scored, sigma2,
   * and aicc become those of the likelihood: its own points, so compare like with like. Native: O(r) a point,
   * O(r^2) in rows with gaps, where r is at most 2 + season.
   */
  abstract exact(rows: ArimaRows, fits: ArimaFits, maxIterations?: number): Promise<ExactFits>;
  /** Compresses rows, of any season; `scales` of an earlier call, or made from the rows. O(rows x end). */
  abstract compress(rows: ArimaRows, scales?: ArimaScales): Promise<CompressedRows>;
  /** Filters rows up to `end` with known parameters and forecasts `horizon` steps. No refit. */
  abstract forecast(rows: ArimaRows, fits: ArimaFits, horizon: number): Promise<ArimaPaths>;
}

/** Empty arrays for the answer of `compress`. */
export function emptyCompressed(rows: ArimaRows, scales?: ArimaScales): CompressedRows {
  const { rowCount, end } = rows;
  return {
    rows: { ...rows, values: new Float64Array(rowCount * end), stride: end },
    centre: scales?.centre.slice() ?? new Float64Array(rowCount),
    unit: scales?.unit.slice() ?? new Float64Array(rowCount),
    low: new Float64Array(rowCount),
    high: new Float64Array(rowCount),
    seasonal: new Uint8Array(rowCount),
  };
}

export const EXACT_ITERATIONS = 20;
export const DEFAULT_MAX_ITERATIONS = 40;
/** Inverse roots of AR and MA stay inside; beyond, float32 recursions lose their optimum. */
export const ROOT_LIMIT = 0.995;

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkRows(
  rows: ArimaRows,
  fits?: Partial<ArimaFits>,
  seasonMax = SEASON_MAX,
): void {
  const { values, rowCount, stride, end, seasonLength } = rows;
  const wrong = (what: string): never => {
    throw new RangeError(`${what} does not fit ${rowCount} rows of stride ${stride}`);
  };
  if (!(end >= 0 && end <= stride)) wrong(`end ${end}`);
  if (values.length < rowCount * stride) wrong(`${values.length} values`);
  if (!(seasonLength >= 1 && seasonLength <= seasonMax)) wrong(`season ${seasonLength}`);
  if (fits?.orders !== undefined && fits.orders.length !== rowCount * ORDER_WIDTH) wrong('orders');
  if (fits?.fits !== undefined && fits.fits.length !== rowCount * FIT_WIDTH) wrong('fits');
}
