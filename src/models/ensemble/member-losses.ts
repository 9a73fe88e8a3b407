// How well each member forecast the last nights, per series, block of leads, and quantile.
import type { SeriesBatch } from '../../core';
import type { FittedForecaster, ForecastBatch, Forecaster, ForecastRequest } from '../forecaster';

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

export interface LossRequest extends Omit<ForecastRequest, 'end'> {
  readonly end: number;
  readonly stepsPerDay: number;
  readonly nights: number;
}

export const CALIBRATION_NIGHTS = 14; // lab, lesson 2
const HALF_LIFE_NIGHTS = 7; // lab, lesson 2
const HOUR_EDGES = [1, 6, 24]; // persistence rules the first hour; the day differs from the week

export function choiceBlocks(horizon: number, stepsPerDay: number): readonly ChoiceBlock[] {
  const perHour = Math.max(1, Math.round(stepsPerDay / 24));
  const edges = HOUR_EDGES.map((hours) => hours * perHour).filter((edge) => edge < horizon);
  return [...edges, horizon].map((to, index) => ({
    from: index === 0 ? 1 : edges[index - 1] + 1,
    to,
  }));
}

/**
 * Members learn once, before the calibration span, and forecast at each of its nightly origins:
 * weights come from an older model than the one that forecasts tonight (lab, lesson 5).
 * O(nights x members) forecasts. Reads columns before `end` only.
 */
export async function memberLosses(
  history: SeriesBatch,
  members: readonly Forecaster[],
  request: LossRequest,
): Promise<MemberLosses> {
  const { end, horizon, stepsPerDay } = request;
  const nights = Math.max(0, Math.min(request.nights, Math.floor(end / stepsPerDay) - 2));
  const blocks = choiceBlocks(horizon, stepsPerDay);
  const { seriesCount } = history;
  const levelCount = request.levels.length;
  const sums = new Float64Array(seriesCount * members.length * blocks.length * levelCount);
  const loss = new Float64Array(levelCount);
  const weights = new Float64Array(seriesCount * blocks.length);
  const judged = new Float64Array(seriesCount);
  const judgedMembers = nights > 0 ? members.length : 0;
  for (let member = 0; member < judgedMembers; member += 1) {
    const first = end - nights * stepsPerDay;
    const fitted = await members[member].fit(history, {
      end: first,
      seasonLength: request.seasonLength,
    });
    for (let night = nights; night >= 1; night -= 1) {
      const origin = end - night * stepsPerDay;
      const weight = 0.5 ** ((night - 1) / HALF_LIFE_NIGHTS);
      const forecast = await forecastAt(fitted, history, request, origin);
      for (let series = 0; series < seriesCount; series += 1) {
        let any = false;
        for (let block = 0; block < blocks.length; block += 1) {
          if (!blockLoss(history, forecast, series, origin, end, blocks[block], loss)) continue;
          any = true;
          const row = ((series * members.length + member) * blocks.length + block) * levelCount;
          for (let level = 0; level < levelCount; level += 1) {
            sums[row + level] += weight * loss[level];
          }
          if (member === 0) weights[series * blocks.length + block] += weight;
        }
        if (any && member === 0) judged[series] += weight;
      }
    }
  }
  const losses = Float32Array.from(sums, (sum, at) => {
    const block = Math.floor(at / levelCount) % blocks.length;
    const series = Math.floor(at / (members.length * blocks.length * levelCount));
    const weight = weights[series * blocks.length + block];
    return weight > 0 ? sum / weight : Number.NaN;
  });
  return {
    members: members.map((member) => member.name),
    blocks,
    levels: request.levels,
    seriesCount,
    losses,
    nights: judged,
  };
}

function forecastAt(
  fitted: FittedForecaster,
  history: SeriesBatch,
  request: LossRequest,
  origin: number,
): Promise<ForecastBatch> {
  const { horizon, seasonLength, levels, bounds, end } = request;
  const needed = Math.min(horizon, end - origin); // later leads have no actual yet
  return fitted.forecast(history, { end: origin, horizon: needed, seasonLength, levels, bounds });
}

/** Fills `losses` with each level's mean pinball over known targets; false when there is none. */
function blockLoss(
  history: SeriesBatch,
  forecast: ForecastBatch,
  series: number,
  origin: number,
  end: number,
  block: ChoiceBlock,
  losses: Float64Array,
): boolean {
  const { levels, horizon, quantiles } = forecast;
  losses.fill(0);
  let count = 0;
  for (let lead = block.from; lead <= Math.min(block.to, horizon); lead += 1) {
    const target = origin + lead - 1;
    if (target >= end) break;
    const actual = history.values[series * history.length + target];
    if (Number.isNaN(actual)) continue;
    for (let level = 0; level < levels.length; level += 1) {
      const quantile = quantiles[(series * levels.length + level) * horizon + lead - 1];
      const error = actual - quantile;
      losses[level] += error >= 0 ? levels[level] * error : (levels[level] - 1) * error;
    }
    count += 1;
  }
  for (let level = 0; level < levels.length; level += 1) losses[level] /= count;
  return count > 0;
}
