// One model over a backtest: forecasts of the nights before the first origin, then of every origin.
import { QUANTILE_LEVELS, type Clock, type SeriesBatch } from '../../core';
import type { Kernels } from '../../kernels';
import {
  CALIBRATION_NIGHTS,
  calibrationNights,
  choiceBlocks,
  createForecaster,
  nightLosses,
  type FitRequest,
  type FittedForecaster,
  type ForecastBatch,
  type NightLosses,
  type OutsideModels,
  type ValueBounds,
} from '../../models';
import { historyAt, knownLength, teacherAt, type Origins } from './origins';
import type { Panel } from './panel';

export interface MemberRequest {
  readonly panel: Panel;
  readonly origins: Origins;
  readonly horizon: number;
  readonly stepsPerDay: number;
  /** Levels that are written and scored. */
  readonly levels: readonly number[];
  /** CPU percentages are kept at 0 to 400; M4's values are not. */
  readonly percentages: boolean;
  readonly kernels: Kernels;
  readonly clock: Clock;
  /** Other fleets, same step: rows before each cutoff teach models that learn from many. */
  readonly teachers?: readonly Panel[];
  /** Such models learn from the teachers alone. */
  readonly teachersOnly?: boolean;
  /** Programs that are members where they are asked for. */
  readonly outside?: OutsideModels;
  readonly onForecast?: (model: string, origin: number) => void;
}

export interface MemberForecasts {
  readonly model: string;
  /** By origin, oldest first; all of QUANTILE_LEVELS and of the levels asked for. */
  readonly forecasts: readonly ForecastBatch[];
  /** Of the nights before the first origin, by age - 1 (0 = the night before it). */
  readonly nights: readonly NightLosses[];
  /** Of the same nights: what was forecast. */
  readonly nightForecasts: readonly ForecastBatch[];
  readonly seconds: { readonly train: number; readonly predict: number };
}

const UPPER_PCT = 400; // what ingest accepts, design section 3

/** The point must not depend on which quantiles were asked for. */
export function allLevels(levels: readonly number[]): readonly number[] {
  return [...new Set([...QUANTILE_LEVELS, ...levels])].toSorted((a, b) => a - b);
}

/**
 * A fleet model is trained twice: before the calibration nights, and at the first origin. A model of
 * each series is fitted before the nights, and at every origin. Nights are only forecast where
 * `calibrate` is set.
 */
export async function forecastMember(
  model: string,
  request: MemberRequest,
  calibrate: boolean,
): Promise<MemberForecasts> {
  const { panel, origins, horizon, stepsPerDay, clock } = request;
  const levels = allLevels(request.levels);
  const seconds = { train: 0, predict: 0 };
  const timed = async <T>(part: 'train' | 'predict', work: Promise<T>): Promise<T> => {
    const started = clock.monotonicMs();
    const result = await work;
    seconds[part] += (clock.monotonicMs() - started) / 1_000;
    return result;
  };
  const fit = (history: SeriesBatch, cutoff: number): Promise<FittedForecaster> => {
    const { kernels, outside } = request;
    const bounds = boundsOf(history, request);
    const settings = { kernels, stepsPerDay, horizon, bounds, outside };
    const forecaster = createForecaster(model, settings);
    return timed('train', forecaster.fit(history, fitRequest(history, cutoff, request)));
  };
  const forecast = (fitted: FittedForecaster, history: SeriesBatch): Promise<ForecastBatch> => {
    const bounds = boundsOf(history, request);
    const known = { end: history.length, seasonLength: stepsPerDay };
    return timed('predict', fitted.forecast(history, { ...known, horizon, levels, bounds }));
  };
  const firstCutoff = origins.cutoffs[0];
  const nights: NightLosses[] = [];
  const nightForecasts: ForecastBatch[] = [];
  const nightCount = calibrate
    ? calibrationNights(knownLength(origins, 0), stepsPerDay, CALIBRATION_NIGHTS)
    : 0;
  if (nightCount > 0) {
    const before = nightCount * stepsPerDay;
    const fitted = await fit(historyAt(panel, origins, 0, before), firstCutoff - before);
    const known = historyAt(panel, origins, 0);
    const blocks = choiceBlocks(horizon, stepsPerDay);
    for (let age = 1; age <= nightCount; age += 1) {
      const back = age * stepsPerDay;
      const batch = await forecast(fitted, historyAt(panel, origins, 0, back));
      nights.push(nightLosses(known, back, batch, blocks));
      nightForecasts.push(batch);
    }
  }
  const forecasts: ForecastBatch[] = [];
  let fleetModel: FittedForecaster | undefined;
  for (let origin = 0; origin < origins.count; origin += 1) {
    request.onForecast?.(model, origin);
    const history = historyAt(panel, origins, origin);
    const fitted = fleetModel ?? (await fit(history, origins.cutoffs[origin]));
    if (isFleetModel(model, request)) fleetModel = fitted;
    forecasts.push(await forecast(fitted, history));
  }
  return { model, forecasts, nights, nightForecasts, seconds };
}

function isFleetModel(model: string, request: MemberRequest): boolean {
  const { kernels, stepsPerDay, horizon, outside } = request;
  return createForecaster(model, { kernels, stepsPerDay, horizon, outside }).scope === 'fleet';
}

const SEED = 1;

function fitRequest(history: SeriesBatch, cutoff: number, request: MemberRequest): FitRequest {
  const { panel, teachers = [], teachersOnly, stepsPerDay } = request;
  return {
    end: history.length,
    seasonLength: stepsPerDay,
    seed: SEED,
    teachers: teachers.map((teacher) => teacherAt(panel, cutoff, teacher)),
    teachersOnly,
  };
}

/** Percentages stay percentages; where the known values say otherwise, nothing is cut. */
export function boundsOf(
  history: SeriesBatch,
  { percentages }: MemberRequest,
): ValueBounds | undefined {
  if (!percentages) return undefined;
  let lower = 0;
  let upper = UPPER_PCT;
  for (const value of history.values) {
    if (value < 0) lower = Number.NEGATIVE_INFINITY;
    if (value > UPPER_PCT) upper = Number.POSITIVE_INFINITY;
  }
  return { lower, upper };
}
