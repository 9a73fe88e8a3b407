// Rolling origins: every model forecasts from what was known, and is measured by what came.
import {
  ENSEMBLE,
  ensembleMembers,
  FLEET_MODELS,
  USUAL_FLEET_MODELS,
  type ForecastBatch,
  type OutsideModels,
} from '../../models';
import { combineMembers } from './combine-members';
import { forecastMember, type MemberForecasts, type MemberRequest } from './forecast-member';
import type { Reference } from './reference-errors';
import { scoreBlock, type BlockScores, type ModelForecasts } from './score-block';
import { scoreM4, type M4Scores } from './score-m4';

export interface BacktestRequest extends MemberRequest {
  readonly reference: Reference;
  readonly models: readonly string[];
  readonly m4: boolean;
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

/**
 * Members of the ensemble are forecast once, whether they were asked for or not; the ensemble is last. A fleet
 * model, or one from outside, that is asked for beside the ensemble is a member.
 */
export async function* runBacktest(request: BacktestRequest): AsyncGenerator<ModelRun> {
  const { models, stepsPerDay, clock, outside } = request;
  const wanted = new Set(models);
  const kept: MemberForecasts[] = [];
  const members = wanted.has(ENSEMBLE) ? membersOf(stepsPerDay, wanted, outside) : [];
  for (const model of new Set([...members, ...models])) {
    if (model === ENSEMBLE) continue;
    const isMember = members.includes(model);
    const forecasts = await forecastMember(model, request, isMember);
    if (isMember) kept.push(forecasts);
    if (wanted.has(model)) yield runOf(model, forecasts.forecasts, forecasts.seconds, request);
  }
  if (!wanted.has(ENSEMBLE)) return;
  const started = clock.monotonicMs();
  const combined = combineMembers(kept, request);
  const combining = (clock.monotonicMs() - started) / 1_000;
  const train = kept.reduce((sum, one) => sum + one.seconds.train, 0);
  const predict = kept.reduce((sum, one) => sum + one.seconds.predict, combining);
  yield runOf(ENSEMBLE, combined, { train, predict }, request);
}

function membersOf(
  stepsPerDay: number,
  wanted: ReadonlySet<string>,
  outside: OutsideModels = new Map(),
): readonly string[] {
  const fleetModels = FLEET_MODELS.filter(
    (name) => wanted.has(name) || USUAL_FLEET_MODELS.includes(name),
  );
  const fromOutside = [...outside.keys()].filter((name) => wanted.has(name));
  return [...ensembleMembers(stepsPerDay, fleetModels), ...fromOutside];
}

function runOf(
  model: string,
  forecasts: readonly ForecastBatch[],
  seconds: ModelRun['seconds'],
  { panel, origins, horizon, levels }: BacktestRequest,
): ModelRun {
  const cells = panel.ids.length * origins.count * horizon;
  const store = {
    point: new Float64Array(cells),
    mean: new Float64Array(cells),
    quantiles: levels.map((level) => ({ level, values: new Float64Array(cells) })),
  };
  const abstentions: Record<string, number> = {};
  forecasts.forEach((forecast, origin) => {
    keep(store, forecast, origin, origins.count);
    for (const { reason, fallback } of forecast.abstentions.values()) {
      const key = `${reason} (${fallback})`;
      abstentions[key] = (abstentions[key] ?? 0) + 1;
    }
  });
  const median = { point: store.point, quantiles: store.quantiles };
  return { model, median, mean: { point: store.mean, quantiles: [] }, abstentions, seconds };
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
