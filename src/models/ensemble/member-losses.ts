// How well each member forecast the last nights, per series, block of leads, and quantile.
import { columnsBefore, type SeriesBatch } from '../../core';
import type { FittedForecaster, ForecastBatch, Forecaster, ForecastRequest } from '../forecaster';
import {
  averageNights,
  nightLosses,
  type ChoiceBlock,
  type MemberLosses,
  type NightLosses,
} from './night-losses';

export interface LossRequest extends Omit<ForecastRequest, 'end'> {
  readonly end: number;
  readonly stepsPerDay: number;
  readonly nights: number;
}

export const CALIBRATION_NIGHTS = 14; // lab, lesson 2
const HOUR_EDGES = [1, 3, 12, 24]; // persistence rules the first hour; the day differs from the week

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
  const { end, horizon, stepsPerDay, levels } = request;
  const nights = calibrationNights(end, stepsPerDay, request.nights);
  const blocks = choiceBlocks(horizon, stepsPerDay);
  const known = columnsBefore(history, end);
  const judged: { age: number; losses: NightLosses[] }[] = [];
  for (let age = nights; age >= 1; age -= 1) judged.push({ age, losses: [] });
  for (const member of nights > 0 ? members : []) {
    const first = end - nights * stepsPerDay;
    const fitted = await member.fit(history, { end: first, seasonLength: request.seasonLength });
    for (const night of judged) {
      const origin = end - night.age * stepsPerDay;
      const forecast = await forecastAt(fitted, history, request, origin);
      night.losses.push(nightLosses(known, end - origin, forecast, blocks));
    }
  }
  const { seriesCount } = history;
  const names = members.map((member) => member.name);
  return averageNights(judged, { members: names, blocks, levels, seriesCount });
}

/** As many nights as lie two days after the first column. */
export function calibrationNights(end: number, stepsPerDay: number, most: number): number {
  return Math.max(0, Math.min(most, Math.floor(end / stepsPerDay) - 2));
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
