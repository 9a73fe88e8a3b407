// How well each member forecast the last nights, per series and block of leads.
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
  readonly seriesCount: number;
  /** (seriesCount, members, blocks): mean pinball over levels; NaN where nothing was judged. */
  readonly losses: Float64Array;
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
  const sums = new Float64Array(seriesCount * members.length * blocks.length);
  const weights = new Float64Array(seriesCount * blocks.length);
  const judged = new Float64Array(seriesCount);
  for (let member = 0; member < members.length && nights > 0; member += 1) {
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
          const loss = blockLoss(history, forecast, series, origin, end, blocks[block]);
          if (Number.isNaN(loss)) continue;
          any = true;
          sums[(series * members.length + member) * blocks.length + block] += weight * loss;
          if (member === 0) weights[series * blocks.length + block] += weight;
        }
        if (any && member === 0) judged[series] += weight;
      }
    }
  }
  const losses = sums.map((sum, at) => {
    const block = at % blocks.length;
    const series = Math.floor(at / (members.length * blocks.length));
    const weight = weights[series * blocks.length + block];
    return weight > 0 ? sum / weight : Number.NaN;
  });
  return {
    members: members.map((member) => member.name),
    blocks,
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

/** Mean pinball over levels and known targets of a block; NaN when there is none. */
function blockLoss(
  history: SeriesBatch,
  forecast: ForecastBatch,
  series: number,
  origin: number,
  end: number,
  block: ChoiceBlock,
): number {
  const { levels, horizon, quantiles } = forecast;
  let sum = 0;
  let count = 0;
  for (let lead = block.from; lead <= Math.min(block.to, horizon); lead += 1) {
    const target = origin + lead - 1;
    if (target >= end) break;
    const actual = history.values[series * history.length + target];
    if (Number.isNaN(actual)) continue;
    for (let level = 0; level < levels.length; level += 1) {
      const quantile = quantiles[(series * levels.length + level) * horizon + lead - 1];
      const error = actual - quantile;
      sum += error >= 0 ? levels[level] * error : (levels[level] - 1) * error;
    }
    count += levels.length;
  }
  return count === 0 ? Number.NaN : sum / count;
}
