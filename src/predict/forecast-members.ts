// Every member on every VM of a shard, and what the next night needs of them.
import { QUANTILE_LEVELS, type SeriesBatch } from '../core';
import {
  ARIMA,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type MemberLosses,
} from '../models';
import type { Run } from './ledger';
import { arimaOf, judgedOf, membersOf, warmArima } from './members';
import { readState, type NightState } from './night-state';
import { BOUNDS, type Resolution } from './night-settings';
import type { NightPorts } from './night-ports';

export interface ForecastMembers {
  /** By name, in the order of the plan. */
  readonly forecasts: ReadonlyMap<string, ForecastBatch>;
  readonly arima?: FittedForecaster;
}

/** Each is fitted on everything known; ARIMA starts from what it knew last night. */
export async function forecastMembers(
  run: Run,
  ports: NightPorts,
  resolution: Resolution,
  vmIndexes: Uint32Array,
  series: SeriesBatch,
): Promise<ForecastMembers> {
  const about = judgedOf(run, resolution);
  const state = await readState(run, vmIndexes, resolution, about, ports);
  const forecasts = new Map<string, ForecastBatch>();
  let arima: FittedForecaster | undefined;
  for (const model of await membersOf(run, resolution, ports, 'forecast')) {
    const warm = warmArima(run, model.name, resolution, state, ports);
    const { fitted, forecast } = await fitAndForecast(model, series, resolution, warm);
    if (model.name === ARIMA) arima = fitted;
    forecasts.set(model.name, forecast);
  }
  return { forecasts, arima };
}

async function fitAndForecast(
  model: Forecaster,
  series: SeriesBatch,
  { stepsPerDay, horizon }: Resolution,
  warm: FittedForecaster | undefined,
): Promise<{ readonly fitted: FittedForecaster; readonly forecast: ForecastBatch }> {
  const request = { end: series.length, seasonLength: stepsPerDay };
  const fitted = await model.fit(series, request, warm);
  const levels = QUANTILE_LEVELS;
  const asked = { ...request, horizon, levels, bounds: BOUNDS };
  return { fitted, forecast: await fitted.forecast(series, asked) };
}

/** Losses so far, each member's first day, what was said of it, and ARIMA's fits. */
export async function stateOf(
  run: Run,
  ports: NightPorts,
  resolution: Resolution,
  vmIndexes: Uint32Array,
  made: {
    readonly members: ForecastMembers;
    readonly losses: MemberLosses;
    readonly own: Float64Array;
    /** As it leaves the night. */
    readonly forecast: ForecastBatch;
  },
): Promise<NightState> {
  const about = judgedOf(run, resolution);
  const { members, levels } = about;
  const { stepsPerDay, horizon } = resolution;
  const leads = Math.min(horizon, stepsPerDay);
  const { combine } = ports.kernels(run.plan.backend, run.plan.isa);
  const pack = (quantiles: readonly Float64Array[]): Promise<Uint16Array> => {
    const memberCount = quantiles.length;
    return combine.pack(quantiles, horizon, {
      rowCount: vmIndexes.length,
      memberCount,
      levels,
      leads,
    });
  };
  const { forecasts, arima } = made.members;
  const { losses, relative, nights } = made.losses;
  return {
    ...about,
    ...arimaOf(arima),
    members,
    leads,
    vmIndex: Int32Array.from(vmIndexes),
    losses,
    relative,
    nights,
    centi: await pack(Array.from(forecasts.values(), (one) => one.quantiles)),
    own: made.own,
    said: await pack([made.forecast.quantiles]),
  };
}
