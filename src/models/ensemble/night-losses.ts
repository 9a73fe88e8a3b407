// How well one forecast hit what came, per series, block of leads, and quantile; and the average of many nights.
import type { SeriesBatch } from '../../core';
import type { ForecastBatch } from '../forecaster';

export const HALF_LIFE_NIGHTS = 7; // lab, lesson 2

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
  /** (seriesCount): weight of the judged nights; 14 nights with half-life 7 weigh 7.8. */
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

/** Weighs a night half as much for every 7 nights it is older. O(nights x cells). */
export function averageNights(
  nights: readonly JudgedNight[],
  about: Pick<MemberLosses, 'members' | 'blocks' | 'levels' | 'seriesCount'>,
): MemberLosses {
  const { members, blocks, levels, seriesCount } = about;
  const cells = blocks.length * levels.length;
  const sums = new Float64Array(seriesCount * members.length * cells);
  const weights = new Float64Array(sums.length);
  const judged = new Float64Array(seriesCount);
  for (const { age, losses } of nights) {
    const weight = 0.5 ** ((age - 1) / HALF_LIFE_NIGHTS);
    for (let series = 0; series < seriesCount; series += 1) {
      let any = false;
      for (let member = 0; member < members.length; member += 1) {
        const to = (series * members.length + member) * cells;
        for (let cell = 0; cell < cells; cell += 1) {
          const loss = losses[member][series * cells + cell];
          if (Number.isNaN(loss)) continue;
          any = true;
          sums[to + cell] += weight * loss;
          weights[to + cell] += weight;
        }
      }
      if (any) judged[series] += weight;
    }
  }
  const losses = Float32Array.from(sums, (sum, at) =>
    weights[at] > 0 ? sum / weights[at] : Number.NaN,
  );
  return { ...about, losses, nights: judged };
}
