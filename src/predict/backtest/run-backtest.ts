// Rolling origins: every model forecasts from what was known, and is measured by what came.
import { QUANTILE_LEVELS, type Clock, type SeriesBatch } from '../../core';
import type { Kernels } from '../../kernels';
import { createForecaster, type ForecastBatch } from '../../models';
import { historyAt, type Origins } from './origins';
import type { Panel } from './panel';
import type { Reference } from './reference-errors';
import { scoreBlock, type BlockScores, type ModelForecasts } from './score-block';
import { scoreM4, type M4Scores } from './score-m4';

export interface BacktestRequest {
  readonly panel: Panel;
  readonly origins: Origins;
  readonly reference: Reference;
  readonly models: readonly string[];
  readonly horizon: number;
  readonly stepsPerDay: number;
  /** Levels that are written and scored. */
  readonly levels: readonly number[];
  /** CPU percentages are kept at 0 to 400; M4's values are not. */
  readonly percentages: boolean;
  readonly m4: boolean;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly onForecast?: (model: string, origin: number) => void;
}

/** One model's forecasts: cells (series, origins, horizon). */
export interface ModelRun {
  readonly model: string;
  readonly median: ModelForecasts;
  readonly mean: ModelForecasts;
  /** Rows (series x origin) that abstained, by reason. */
  readonly abstentions: Readonly<Record<string, number>>;
  readonly seconds: { readonly train: number; readonly predict: number };
}

export interface ModelReport {
  readonly series: number;
  readonly failures: {
    readonly missing: number;
    readonly requested: number;
    readonly complete: boolean;
  };
  readonly blocks: Readonly<Record<string, BlockScores>>;
  readonly seconds: ModelRun['seconds'];
  readonly abstentions: ModelRun['abstentions'];
  readonly m4?: M4Scores;
}

const UPPER_PCT = 400; // what ingest accepts, design section 3

/** One model at a time, so that memory holds one model's forecasts. */
export async function* runBacktest(request: BacktestRequest): AsyncGenerator<ModelRun> {
  for (const model of request.models) yield await runModel(model, request);
}

async function runModel(model: string, request: BacktestRequest): Promise<ModelRun> {
  const { panel, origins, horizon, stepsPerDay, levels, clock, kernels } = request;
  // The point must not depend on which quantiles were asked for.
  const all = [...new Set([...QUANTILE_LEVELS, ...levels])].toSorted((a, b) => a - b);
  const cells = panel.ids.length * origins.count * horizon;
  const store = {
    point: new Float64Array(cells),
    mean: new Float64Array(cells),
    quantiles: levels.map((level) => ({ level, values: new Float64Array(cells) })),
  };
  const abstentions: Record<string, number> = {};
  let trainMs = 0;
  let predictMs = 0;
  for (let origin = 0; origin < origins.count; origin += 1) {
    request.onForecast?.(model, origin);
    const history = historyAt(panel, origins, origin);
    const bounds = request.percentages ? boundsOf(history) : undefined;
    const forecaster = createForecaster(model, { kernels, stepsPerDay, horizon, bounds });
    const known = { end: history.length, seasonLength: stepsPerDay };
    const started = clock.monotonicMs();
    const fitted = await forecaster.fit(history, known);
    const trained = clock.monotonicMs();
    const forecast = await fitted.forecast(history, { ...known, horizon, levels: all, bounds });
    predictMs += clock.monotonicMs() - trained;
    trainMs += trained - started;
    keep(store, forecast, origin, origins.count);
    for (const { reason, fallback } of forecast.abstentions.values()) {
      const key = `${reason} (${fallback})`;
      abstentions[key] = (abstentions[key] ?? 0) + 1;
    }
  }
  return {
    model,
    median: { point: store.point, quantiles: store.quantiles },
    mean: { point: store.mean, quantiles: [] },
    abstentions,
    seconds: { train: trainMs / 1_000, predict: predictMs / 1_000 },
  };
}

/** Percentages stay percentages; where the known values say otherwise, nothing is cut. */
function boundsOf(history: SeriesBatch): { readonly lower: number; readonly upper: number } {
  let lower = 0;
  let upper = UPPER_PCT;
  for (const value of history.values) {
    if (value < 0) lower = Number.NEGATIVE_INFINITY;
    if (value > UPPER_PCT) upper = Number.POSITIVE_INFINITY;
  }
  return { lower, upper };
}

function keep(
  store: { point: Float64Array; mean: Float64Array; quantiles: ModelForecasts['quantiles'] },
  forecast: ForecastBatch,
  origin: number,
  originCount: number,
): void {
  const { seriesCount, horizon, levels } = forecast;
  for (let series = 0; series < seriesCount; series += 1) {
    const to = (series * originCount + origin) * horizon;
    const from = series * horizon;
    store.point.set(forecast.point.subarray(from, from + horizon), to);
    store.mean.set(forecast.mean.subarray(from, from + horizon), to);
    for (const { level, values } of store.quantiles) {
      const row = (series * levels.length + levels.indexOf(level)) * horizon;
      values.set(forecast.quantiles.subarray(row, row + horizon), to);
    }
  }
}

/** Reports of `X` (the point) and `X-mean`, by name. */
export function reportModel(
  run: ModelRun,
  request: BacktestRequest,
): Readonly<Record<string, ModelReport>> {
  const report = (forecasts: ModelForecasts): ModelReport => {
    const { reference, horizon, stepsPerDay } = request;
    const blocks: Record<string, BlockScores> = {};
    for (const { from, to } of scoreBlocks(horizon, stepsPerDay)) {
      const scores = scoreBlock(forecasts, reference, from, to);
      if (from === 1 && to === horizon) blocks.all = scores;
      blocks[`${from}-${to}`] = scores;
    }
    const m4 = request.m4 && reference.requested > 0 ? scoreM4(forecasts, reference) : undefined;
    if (m4 !== undefined) blocks.all.owa = m4.owa;
    return {
      series: reference.seriesCount,
      failures: { missing: 0, requested: reference.requested, complete: true },
      blocks,
      seconds: run.seconds,
      abstentions: run.abstentions,
      ...(m4 === undefined ? {} : { m4 }),
    };
  };
  return { [run.model]: report(run.median), [`${run.model}-mean`]: report(run.mean) };
}

/** The first six hours, the rest, and all leads, as lab/score.py. */
function scoreBlocks(
  horizon: number,
  stepsPerDay: number,
): readonly { readonly from: number; readonly to: number }[] {
  const six = (6 * stepsPerDay) / 24;
  const whole = { from: 1, to: horizon };
  return horizon > six ? [{ from: 1, to: six }, { from: six + 1, to: horizon }, whole] : [whole];
}
