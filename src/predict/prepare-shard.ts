// Stage prepare: how well each member forecast each VM's last nights.
import { DAY_MS, QUANTILE_LEVELS, type Json } from '../core';
import {
  CALIBRATION_NIGHTS,
  fleetErrorsOf,
  fleetLosses,
  HALF_LIFE_NIGHTS,
  learnOwn,
  memberLosses,
  nightErrors,
  openCalibration,
  type CalibrationShape,
  type ChoiceBlock,
  type FleetErrors,
  type FleetLosses,
  type MemberLosses,
} from '../models';
import { decodeColumns, encodeColumns } from './column-file';
import type { Run, ShardLease } from './ledger';
import { judgedOf, membersOf } from './members';
import { readState, type FoundState } from './night-state';
import { BOUNDS, resolutionsOf, type Resolution } from './night-settings';
import { shardKey, type NightPorts } from './night-ports';
import { readShardHistory, vmsOf } from './shard-history';

/** Integer sums that the stage fleet adds up, by resolution; the ledger keeps them. */
export interface PrepareResult {
  readonly hourly?: FleetLosses;
  readonly fiveMinute?: FleetLosses;
  /** How often the last night's quantiles were passed; absent without one. */
  readonly passed?: Readonly<Partial<Record<Resolution['name'], FleetErrors>>>;
}

/** What is known of a shard's VMs before their forecasts. */
export interface Judged {
  readonly losses: MemberLosses;
  /** (rows, blocks, levels) shifts of the VMs' own quantiles. */
  readonly own: Float64Array;
  /** Absent without a last night. */
  readonly passed?: FleetErrors;
}

export async function prepareShard(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<Json> {
  const result: Record<string, FleetLosses> = {};
  const passed: Record<string, FleetErrors> = {};
  for (const resolution of resolutionsOf(run.plan)) {
    const judged = await judge(run, shard, ports, resolution, broken);
    await ports.objects.put(lossesKey(run, resolution, shard.shard), encodeJudged(judged));
    result[resolution.name] = fleetLosses(judged.losses);
    if (judged.passed !== undefined) passed[resolution.name] = judged.passed;
  }
  return { ...result, passed } as unknown as Json;
}

/** Last night's losses and one night more; VMs that it did not know are judged by their history. */
async function judge(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  broken: ReadonlyMap<string, string>,
): Promise<Judged> {
  const vms = await vmsOf(run, shard, ports);
  const vmIndexes = Uint32Array.from(vms, (vm) => vm.vmIndex);
  const about = judgedOf(run, resolution);
  const state = await readState(run, vmIndexes, resolution, about, ports);
  const all = vms.map((_, row) => row);
  const shape = { ...about, seriesCount: vms.length };
  if (state === undefined) {
    const losses = await judgedAnew(run, shard, ports, resolution, broken, all);
    return { losses, own: openCalibration(shape).own };
  }
  const isBroken = Uint8Array.from(vms, (vm) => (broken.has(vm.vmId) ? 1 : 0));
  const values = await lastDay(run, state, isBroken, resolution, ports);
  const memory = await oneNightMore(run, state, values, ports);
  const losses = { ...shape, ...memory };
  const unknown = all.filter((row) => state.found[row] === 0);
  if (unknown.length > 0) {
    const anew = await judgedAnew(run, shard, ports, resolution, broken, unknown);
    const width = losses.losses.length / vms.length;
    unknown.forEach((row, at) => {
      const [from, end] = [at * width, (at + 1) * width];
      losses.losses.set(anew.losses.subarray(from, end), row * width);
      losses.relative.set(anew.relative.subarray(from, end), row * width);
      losses.nights[row] = anew.nights[at];
    });
  }
  return { losses, ...calibrated(state, shape, values) };
}

/** Own shifts after the last night, and what it tells of the fleet's. */
function calibrated(
  { own, said, leads }: FoundState,
  shape: CalibrationShape,
  values: Float64Array,
): Pick<Judged, 'own' | 'passed'> {
  const opened = openCalibration(shape);
  if (own.length !== opened.own.length) return { own: opened.own }; // a state without them
  const quantiles = Float64Array.from(said, (centi) => centi / 100);
  const night = { horizon: leads, levels: shape.levels, quantiles };
  const errors = nightErrors(shape, night, { values, length: leads }, leads, 0);
  return { own: learnOwn(own, errors), passed: fleetErrorsOf(shape, errors) };
}

/** (rows, leads) what came of the first day that the last night forecast; NaN where none is known. */
async function lastDay(
  run: Run,
  state: FoundState,
  isBroken: Uint8Array,
  resolution: Resolution,
  ports: NightPorts,
): Promise<Float64Array> {
  const { leads } = state;
  const fromMs = run.plan.before?.cutoffMs ?? 0;
  const { history } = ports.tenant(run.tenantId);
  const vmIndexes = Uint32Array.from(state.vmIndex);
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const { values } = await history.series(
    resolution.stepMs,
    vmIndexes,
    fromMs,
    fromMs + DAY_MS,
    kernels.history,
  );
  for (let row = 0; row < isBroken.length; row += 1) {
    const silent = isBroken[row] !== 0 || state.found[row] === 0;
    if (silent) values.fill(Number.NaN, row * leads, (row + 1) * leads);
  }
  return values;
}

async function oneNightMore(run: Run, state: FoundState, values: Float64Array, ports: NightPorts) {
  const { leads, members, levels, blocks, centi, age } = state;
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const kept = 0.5 ** (age / HALF_LIFE_NIGHTS);
  const rowCount = state.vmIndex.length;
  const shape = { rowCount, memberCount: members.length, levels, leads };
  return kernels.combine.judge(state, kept, centi, values, blocks, shape);
}

/** Of these rows of the shard, in their order. */
async function judgedAnew(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  broken: ReadonlyMap<string, string>,
  rows: readonly number[],
): Promise<MemberLosses> {
  const { stepsPerDay, horizon } = resolution;
  const history = await readShardHistory(run, shard, ports, broken, [resolution], rows);
  const series = history.series[resolution.name];
  return memberLosses(series, await membersOf(run, resolution, ports, 'judge'), {
    end: series.length,
    seasonLength: stepsPerDay,
    stepsPerDay,
    nights: CALIBRATION_NIGHTS,
    horizon: Math.min(horizon, stepsPerDay), // nights are judged by their first day
    levels: QUANTILE_LEVELS,
    bounds: BOUNDS,
  });
}

function lossesKey(run: Run, resolution: Resolution, shard: number): string {
  return shardKey(run.runId, `losses-${resolution.stepMs / 1_000}`, shard);
}

function encodeJudged({ losses, own }: Judged): Uint8Array {
  const { members, blocks, levels, seriesCount, nights } = losses;
  const width = members.length * blocks.length * levels.length;
  return encodeColumns({
    rowCount: seriesCount,
    columns: {
      nights,
      losses: { list: losses.losses, width },
      relative: { list: losses.relative, width },
      own: { list: own, width: blocks.length * levels.length },
    },
    metadata: { about: JSON.stringify({ members, blocks, levels }) },
  });
}

/** What `prepareShard` kept. */
export async function readJudged(
  run: Run,
  shard: number,
  ports: Pick<NightPorts, 'objects'>,
  resolution: Resolution,
): Promise<Omit<Judged, 'passed'>> {
  const file = decodeColumns(await ports.objects.get(lossesKey(run, resolution, shard)));
  const about = JSON.parse(file.metadata?.about ?? '{}') as {
    readonly members: readonly string[];
    readonly blocks: readonly ChoiceBlock[];
    readonly levels: readonly number[];
  };
  const list = (name: string) => (file.columns[name] as { readonly list: Float32Array }).list;
  const nights = file.columns.nights as Float64Array;
  const [losses, relative] = [list('losses'), list('relative')];
  const own = (file.columns.own as unknown as { readonly list: Float64Array }).list;
  return { losses: { ...about, seriesCount: file.rowCount, losses, relative, nights }, own };
}
