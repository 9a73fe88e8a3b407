// How well one forecast hit what came, per series, block of leads, and quantile; and the average of many nights.
import type { SeriesBatch } from '../../core';
import { commonLoss, relativeLoss } from '../../kernels';
import type { ForecastBatch } from '../forecaster';

export const HALF_LIFE_NIGHTS = 10; // tuned on origins 9 to 24 of rnd293; 7 and 14 are within .005 of rel

/** Blocks in which members are judged and chosen, leads 1-based. */
export interface ChoiceBlock {
  readonly from: number;
  readonly to: number;
}

export interface MemberLosses {
  readonly members: readonly string[];
  readonly blocks: readonly ChoiceBlock[];
  readonly levels: readonly number[];
  readonly seriesCount: number;
  /** (seriesCount, members, blocks, levels): mean pinball; NaN where nothing was judged. */
  readonly losses: Float32Array;
  /** The same, of each night over what its members lost in common: members are chosen by it. */
  readonly relative: Float32Array;
  /** (seriesCount): weight of the judged nights; 14 nights with half-life 10 weigh 9.3. */
  readonly nights: Float64Array;
}

/** One member's losses of one night: (seriesCount, blocks, levels) mean pinball; NaN = not judged. */
export type NightLosses = Float32Array;

/**
 * `forecast` was made `stepsBack` columns before the end of `history`; leads at and beyond the end have
 * no actual yet. O(series x levels x leads).
 */
export function nightLosses(
  history: SeriesBatch,
  stepsBack: number,
  forecast: ForecastBatch,
  blocks: readonly ChoiceBlock[],
): NightLosses {
  const { seriesCount, horizon, levels, quantiles } = forecast;
  const losses = new Float32Array(seriesCount * blocks.length * levels.length).fill(Number.NaN);
  const known = Math.min(horizon, stepsBack);
  for (let series = 0; series < seriesCount; series += 1) {
    const first = (series + 1) * history.length - stepsBack;
    for (let block = 0; block < blocks.length; block += 1) {
      const { from } = blocks[block];
      const to = Math.min(blocks[block].to, known);
      let count = 0;
      for (let lead = from; lead <= to; lead += 1) {
        if (!Number.isNaN(history.values[first + lead - 1])) count += 1;
      }
      if (count === 0) continue;
      for (let level = 0; level < levels.length; level += 1) {
        const row = (series * levels.length + level) * horizon;
        let sum = 0;
        for (let lead = from; lead <= to; lead += 1) {
          const error = history.values[first + lead - 1] - quantiles[row + lead - 1];
          if (error >= 0) sum += levels[level] * error;
          else if (error < 0) sum += (levels[level] - 1) * error; // NaN: no actual
        }
        losses[(series * blocks.length + block) * levels.length + level] = sum / count;
      }
    }
  }
  return losses;
}

/** One past night: how long ago, and each member's losses in the order of the members. */
export interface JudgedNight {
  /** 1 = last night. */
  readonly age: number;
  readonly losses: readonly NightLosses[];
}

/**
 * Weighs a night half as much for every HALF_LIFE_NIGHTS it is older. A mean of losses would let the
 * wildest night choose: relative to each night's own common loss they all have a say. O(nights x cells).
 */
export function averageNights(
  nights: readonly JudgedNight[],
  about: Pick<MemberLosses, 'members' | 'blocks' | 'levels' | 'seriesCount'>,
): MemberLosses {
  const { members, blocks, levels, seriesCount } = about;
  const cells = blocks.length * levels.length;
  const sums = new Float64Array(seriesCount * members.length * cells);
  const relatives = new Float64Array(sums.length);
  const weights = new Float64Array(seriesCount * cells);
  const judged = new Float64Array(seriesCount);
  const tonight = new Float64Array(members.length);
  for (const { age, losses } of nights) {
    const weight = 0.5 ** ((age - 1) / HALF_LIFE_NIGHTS);
    for (let series = 0; series < seriesCount; series += 1) {
      let any = false;
      for (let cell = 0; cell < cells; cell += 1) {
        const from = series * cells + cell;
        losses.forEach((one, member) => (tonight[member] = one[from]));
        if (tonight.some(Number.isNaN)) continue; // no actual that night: the same for all
        any = true;
        weights[from] += weight;
        const common = commonLoss(tonight);
        for (let member = 0; member < members.length; member += 1) {
          const to = (series * members.length + member) * cells + cell;
          sums[to] += weight * tonight[member];
          relatives[to] += weight * relativeLoss(tonight[member], common);
        }
      }
      if (any) judged[series] += weight;
    }
  }
  const mean = (values: Float64Array): Float32Array =>
    Float32Array.from(values, (sum, at) => {
      const series = Math.floor(at / (members.length * cells));
      const weight = weights[series * cells + (at % cells)];
      return weight > 0 ? sum / weight : Number.NaN;
    });
  return { ...about, losses: mean(sums), relative: mean(relatives), nights: judged };
}
