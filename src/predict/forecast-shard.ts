// Stage forecast: fit on everything known, choose per VM, forecast both resolutions, candidates.
import { HOUR_MS, type Json } from '../core';
import {
  calibrateForecast,
  chooseMembers,
  chosenModel,
  mixForecasts,
  type FleetLosses,
  type ForecastBatch,
} from '../models';
import { encodeColumns } from './column-file';
import { fleetSums, type FleetSums } from './fleet-sums';
import { readFleetStatistics } from './fleet-statistics';
import { encodeForecasts, type ForecastIndex } from './forecast-file';
import type { Run, ShardLease } from './ledger';
import { forecastMembers, stateOf } from './forecast-members';
import { encodeState, placeOf, stateKey, type StatePlace } from './night-state';
import { BOUNDS, resolutionsOf, type Resolution } from './night-settings';
import { shardKey, type NightPorts } from './night-ports';
import { readJudged } from './prepare-shard';
import { readShardHistory, type ShardHistory } from './shard-history';

export interface ForecastResult {
  /** Of the resolutions that the run forecasts. */
  readonly hourly?: ForecastIndex;
  readonly fiveMinute?: ForecastIndex;
  /** VMs by chosen model. */
  readonly models: { readonly hourly: Counts; readonly fiveMinute: Counts };
  /** VMs without windows of their own, by reason. */
  readonly abstentions: Counts;
  /** VMs that a model from outside did not forecast, by its reason; `naive` stood in. */
  readonly refusals: Counts;
  readonly fleet: FleetSums;
  readonly state: StatePlace;
}

export type Counts = Readonly<Record<string, number>>;

interface Forecasted {
  readonly forecast: ForecastBatch;
  readonly models: readonly string[];
  /** One per VM and model from outside that did not forecast it. */
  readonly refusals: readonly string[];
}

const NOTHING: readonly string[] = [];

export async function forecastShard(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<Json> {
  const resolutions = resolutionsOf(run.plan);
  const history = await readShardHistory(run, shard, ports, broken, resolutions);
  const fleet = await readFleetStatistics(run, ports.ledger);
  const forecasted: Record<string, Forecasted> = {};
  const indexes: Record<string, ForecastIndex> = {};
  for (const resolution of resolutions) {
    const { name } = resolution;
    const losses = fleet[name] as FleetLosses;
    const known = fleet.shifts?.[name];
    const shifts = known && Float64Array.from(known);
    const made = await forecastAt(run, shard, ports, resolution, history, { losses, shifts });
    forecasted[name] = made;
    indexes[name] = await keep(run, shard, ports, resolution, history, made);
  }
  const modelsOf = (name: Resolution['name']): readonly string[] =>
    forecasted[name]?.models ?? NOTHING;
  const finest = resolutions[0];
  const coarsest = resolutions[resolutions.length - 1];
  const result: ForecastResult = {
    ...indexes,
    models: { hourly: countOf(modelsOf('hourly')), fiveMinute: countOf(modelsOf('fiveMinute')) },
    abstentions: countOf([...history.abstentions.values()]),
    refusals: countOf(Object.values(forecasted).flatMap(({ refusals }) => refusals)),
    fleet: fleetSums(history.series[coarsest.name], forecasted[coarsest.name].forecast),
    state: placeOf(vmIndexesOf(history)),
  };
  const table = await ports.planner.candidates(
    {
      run,
      vms: history.vms,
      cutoffMs: run.plan.cutoffMs,
      day: forecasted[finest.name].forecast,
      dayStepMs: finest.stepMs,
      fiveMinuteModel: modelsOf(forecasted.fiveMinute === undefined ? 'hourly' : 'fiveMinute'),
      hourlyModel: modelsOf(forecasted.hourly === undefined ? 'fiveMinute' : 'hourly'),
      lastPct: history.lastPct,
      abstentions: history.abstentions,
    },
    ports.kernels(run.plan.backend, run.plan.isa),
  );
  await ports.objects.put(shardKey(run.runId, 'candidates', shard.shard), encodeColumns(table));
  return result as unknown as Json;
}

function vmIndexesOf(history: ShardHistory): Uint32Array {
  return Uint32Array.from(history.vms, (vm) => vm.vmIndex);
}

async function forecastAt(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  history: ShardHistory,
  fleet: FleetKnowledge,
): Promise<Forecasted> {
  const { horizon } = resolution;
  const { losses, own } = await readJudged(run, shard.shard, ports, resolution);
  const judged = chooseMembers(losses, fleet.losses);
  // Nights are judged by their first day: its last block of leads speaks for the days after it.
  const blocks = judged.blocks.map((block, at) =>
    at === judged.blocks.length - 1 ? { ...block, to: horizon } : block,
  );
  const choice = { ...judged, blocks };
  const vmIndexes = vmIndexesOf(history);
  const series = history.series[resolution.name];
  const members = await forecastMembers(run, ports, resolution, vmIndexes, series);
  const { combine } = ports.kernels(run.plan.backend, run.plan.isa);
  const mixed = await mixForecasts(choice, [...members.forecasts.values()], combine);
  const { shifts } = fleet;
  const forecast =
    shifts === undefined
      ? mixed
      : calibrateForecast(mixed, { ...choice, own, fleet: shifts }, BOUNDS, GRID_PCT);
  const state = await stateOf(run, ports, resolution, vmIndexes, {
    members,
    losses,
    own,
    forecast,
  });
  await ports.objects.put(stateKey(run.runId, resolution, shard.shard), encodeState(state));
  const models = Array.from({ length: choice.seriesCount }, (_, row) => chosenModel(choice, row));
  return { forecast, models, refusals: refusalsOf(members.forecasts, ports) };
}

/** Loads are stored in hundredths of a percent. */
const GRID_PCT = 0.01;

interface FleetKnowledge {
  readonly losses: FleetLosses;
  /** (blocks, levels) of the fleet's quantiles; absent until a night was judged. */
  readonly shifts?: Float64Array;
}

function refusalsOf(
  members: ReadonlyMap<string, ForecastBatch>,
  { outside }: NightPorts,
): readonly string[] {
  return [...members].flatMap(([name, { abstentions }]) =>
    outside?.has(name) === true ? [...abstentions.values()].map(({ reason }) => reason) : [],
  );
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
