// Stage forecast: fit on everything known, choose per VM, forecast both resolutions, candidates.
import { HOUR_MS, QUANTILE_LEVELS, type Json, type SeriesBatch } from '../core';
import {
  chooseMembers,
  chosenModel,
  combineForecasts,
  createForecaster,
  type FleetLosses,
  type ForecastBatch,
} from '../models';
import { encodeColumns } from './column-file';
import { fleetSums, type FleetSums } from './fleet-sums';
import { readFleetStatistics } from './fleet-statistics';
import { encodeForecasts, type ForecastIndex } from './forecast-file';
import type { Run, ShardLease } from './ledger';
import { BOUNDS, FIVE_MINUTE, HOURLY, type Resolution } from './night-settings';
import { shardKey, type NightPorts } from './night-ports';
import { readLosses } from './prepare-shard';
import { readShardHistory, type ShardHistory } from './shard-history';

export interface ForecastResult {
  readonly hourly: ForecastIndex;
  readonly fiveMinute: ForecastIndex;
  /** VMs by chosen model. */
  readonly models: { readonly hourly: Counts; readonly fiveMinute: Counts };
  /** VMs without windows of their own, by reason. */
  readonly abstentions: Counts;
  readonly fleet: FleetSums;
}

export type Counts = Readonly<Record<string, number>>;

interface Forecasted {
  readonly forecast: ForecastBatch;
  readonly models: readonly string[];
}

export async function forecastShard(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<Json> {
  const history = await readShardHistory(run, shard, ports, broken);
  const fleet = await readFleetStatistics(run, ports.ledger);
  const hourly = await forecastAt(run, shard, ports, HOURLY, history.hourly, fleet.hourly);
  const fiveMinute = await forecastAt(
    run,
    shard,
    ports,
    FIVE_MINUTE,
    history.fiveMinute,
    fleet.fiveMinute,
  );
  const result: ForecastResult = {
    hourly: await keep(run, shard, ports, HOURLY, history, hourly),
    fiveMinute: await keep(run, shard, ports, FIVE_MINUTE, history, fiveMinute),
    models: { hourly: countOf(hourly.models), fiveMinute: countOf(fiveMinute.models) },
    abstentions: countOf([...history.abstentions.values()]),
    fleet: fleetSums(history.hourly, hourly.forecast),
  };
  const shardForecast = {
    run,
    vms: history.vms,
    cutoffMs: run.plan.cutoffMs,
    day: fiveMinute.forecast,
    dayStepMs: FIVE_MINUTE.stepMs,
    fiveMinuteModel: fiveMinute.models,
    hourlyModel: hourly.models,
    lastPct: history.lastPct,
    abstentions: history.abstentions,
  };
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const table = await ports.planner.candidates(shardForecast, kernels);
  await ports.objects.put(shardKey(run.runId, 'candidates', shard.shard), encodeColumns(table));
  return result as unknown as Json;
}

async function forecastAt(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  history: SeriesBatch,
  fleet: FleetLosses,
): Promise<Forecasted> {
  const { stepsPerDay, horizon } = resolution;
  const losses = await readLosses(run, shard.shard, ports, resolution);
  const judged = chooseMembers(losses, fleet);
  // Nights are judged by their first day: its last block of leads speaks for the days after it.
  const blocks = judged.blocks.map((block, at) =>
    at === judged.blocks.length - 1 ? { ...block, to: horizon } : block,
  );
  const choice = { ...judged, blocks };
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const request = { end: history.length, seasonLength: stepsPerDay };
  const forecasts: ForecastBatch[] = [];
  for (const name of choice.members) {
    const model = createForecaster(name, { kernels, stepsPerDay, horizon, bounds: BOUNDS });
    const fitted = await model.fit(history, request);
    const levels = QUANTILE_LEVELS;
    forecasts.push(await fitted.forecast(history, { ...request, horizon, levels, bounds: BOUNDS }));
  }
  const forecast = combineForecasts(choice, forecasts);
  const models = Array.from({ length: choice.seriesCount }, (_, row) => chosenModel(choice, row));
  return { forecast, models };
}

async function keep(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  history: ShardHistory,
  { forecast, models }: Forecasted,
): Promise<ForecastIndex> {
  const { bytes, index } = encodeForecasts({
    vmIds: history.vms.map((vm) => vm.vmId),
    models,
    startMs: run.plan.cutoffMs,
    stepMs: resolution.stepMs,
    forecast,
  });
  await ports.objects.put(forecastKey(run, resolution.stepMs, shard.shard), bytes);
  return index;
}

export function forecastKey(run: Run, stepMs: number, shard: number): string {
  return shardKey(run.runId, `forecast-${stepMs === HOUR_MS ? 3_600 : 300}`, shard);
}

export function countOf(names: readonly string[]): Counts {
  const counts: Record<string, number> = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
