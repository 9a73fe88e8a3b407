// What one night hands to the next: forecasts kept in hundredths, and losses that are brought up to date.

/** Forecasts of one day by several members. */
export interface DayShape {
  readonly rowCount: number;
  readonly memberCount: number;
  /** Ascending levels in (0, 1). */
  readonly levels: readonly number[];
  /** Leads that are kept, from the first. */
  readonly leads: number;
}

/** Blocks of leads [from, to], 1-based, in which losses are averaged. */
export interface LossBlock {
  readonly from: number;
  readonly to: number;
}

export interface LossMemory {
  /** (rowCount, members, blocks, levels): mean pinball; NaN = never judged. */
  readonly losses: Float32Array;
  /** The same, of each night over what was common that night: `commonLoss`, at most RELATIVE_MAX. */
  readonly relative: Float32Array;
  /** (rowCount): weight of the nights in it. */
  readonly nights: Float64Array;
}

/** A level between two others: left + share (right - left), as positions among levels. */
export interface LevelPlace {
  readonly left: number;
  readonly right: number;
  readonly share: number;
}

/** Where `quantileAt` reads `level`; with equal bits, since a level that is there is read alone. */
export function levelPlace(level: number, levels: readonly number[]): LevelPlace {
  const last = levels.length - 1;
  const exact = level <= levels[0] ? 0 : level >= levels[last] ? last : levels.indexOf(level);
  if (exact >= 0) return { left: exact, right: exact, share: 0 };
  const right = levels.findIndex((one) => one > level);
  const left = right - 1;
  return { left, right, share: (level - levels[left]) / (levels[right] - levels[left]) };
}

export interface MixRequest {
  readonly rowCount: number;
  readonly horizon: number;
  readonly levelCount: number;
  /** Leads, 1-based; they cover the horizon. */
  readonly blocks: readonly LossBlock[];
  /** (rowCount, blocks, judged levels, members). */
  readonly weights: Float64Array;
  readonly judgedCount: number;
  /** (levelCount): the judged level whose weights a level takes. */
  readonly judgedOf: Int32Array;
  readonly point: LevelPlace;
  /** The mean is the sum of these shares of quantiles. */
  readonly mean: readonly (LevelPlace & { readonly weight: number })[];
}

export interface MixedForecasts {
  /** (rowCount, horizon) each. */
  readonly point: Float64Array;
  readonly mean: Float64Array;
  /** (rowCount, levels, horizon), not falling along levels. */
  readonly quantiles: Float64Array;
}

/** One night on which a member alone did well or badly must not decide for it. */
export const RELATIVE_MAX = 5;

/**
 * What members lost in common: the mean of fourth roots, to the fourth. Near the geometric mean, so that
 * one absurd member does not make the others alike; and square roots have the same bits everywhere.
 * `losses`: one night's, not negative.
 */
export function commonLoss(losses: ArrayLike<number>): number {
  let sum = 0;
  for (let member = 0; member < losses.length; member += 1) {
    sum += Math.sqrt(Math.sqrt(losses[member]));
  }
  const root = sum / losses.length;
  return root * root * (root * root);
}

/** A night on which nobody lost anything favours nobody. */
export function relativeLoss(loss: number, common: number): number {
  return common > 0 ? Math.min(RELATIVE_MAX, loss / common) : 1;
}

/** Every backend gives the same bits; a row never depends on other rows. */
export abstract class CombineKernels {
  /**
   * Quantiles of each member (rowCount, levels, horizon) in percent -> hundredths (rowCount, members,
   * levels, leads), rounded half up, inside 0 and 65534.
   */
  abstract pack(
    forecasts: readonly Float64Array[],
    horizon: number,
    shape: DayShape,
  ): Promise<Uint16Array>;

  /**
   * Each quantile averaged over members (rowCount, levels, horizon) with its own weights, then sorted
   * along levels. O(rows x members x levels x horizon).
   */
  abstract mix(forecasts: readonly Float64Array[], request: MixRequest): Promise<MixedForecasts>;

  /**
   * Judges the kept day by what came, `actual` (rowCount, leads) in percent with NaN = missing, and
   * adds it with weight 1 to what was known before, which weighs `kept` (0 to 1) of its nights. A block
   * without an actual keeps its loss. O(rows x members x levels x leads).
   */
  abstract judge(
    before: LossMemory,
    kept: number,
    centi: Uint16Array,
    actual: Float64Array,
    blocks: readonly LossBlock[],
    shape: DayShape,
  ): Promise<LossMemory>;
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkDay(shape: DayShape, centi: Uint16Array, actual: Float64Array): void {
  const { rowCount, memberCount, levels, leads } = shape;
  const fits =
    centi.length === rowCount * memberCount * levels.length * leads &&
    actual.length === rowCount * leads;
  if (!fits) {
    throw new RangeError(
      `${centi.length} kept and ${actual.length} actual values do not fit ${rowCount} rows of ` +
        `${memberCount} members and ${leads} leads`,
    );
  }
}
