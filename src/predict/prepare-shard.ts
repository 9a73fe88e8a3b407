// Stage prepare: how well each member forecast each VM's last nights.
import { DAY_MS, QUANTILE_LEVELS, type Json } from '../core';
import {
  CALIBRATION_NIGHTS,
  fleetLosses,
  HALF_LIFE_NIGHTS,
  memberLosses,
  type ChoiceBlock,
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
}

export async function prepareShard(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<Json> {
  const result: Record<string, FleetLosses> = {};
  for (const resolution of resolutionsOf(run.plan)) {
    const losses = await lossesOf(run, shard, ports, resolution, broken);
    await ports.objects.put(lossesKey(run, resolution, shard.shard), encodeLosses(losses));
    result[resolution.name] = fleetLosses(losses);
  }
  return result as unknown as Json;
}

/** Last night's losses and one night more; VMs that it did not know are judged by their history. */
async function lossesOf(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  resolution: Resolution,
  broken: ReadonlyMap<string, string>,
): Promise<MemberLosses> {
  const vms = await vmsOf(run, shard, ports);
  const vmIndexes = Uint32Array.from(vms, (vm) => vm.vmIndex);
  const about = judgedOf(run, resolution);
  const state = await readState(run, vmIndexes, resolution, about, ports);
  const all = vms.map((_, row) => row);
  if (state === undefined) return judgedAnew(run, shard, ports, resolution, broken, all);
  const isBroken = Uint8Array.from(vms, (vm) => (broken.has(vm.vmId) ? 1 : 0));
  const memory = await oneNightMore(run, state, isBroken, resolution, ports);
  const losses = { ...about, seriesCount: vms.length, ...memory };
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
  return losses;
}

async function oneNightMore(
  run: Run,
  state: FoundState,
  isBroken: Uint8Array,
  resolution: Resolution,
  ports: NightPorts,
) {
  const { leads, members, levels, blocks, centi, age } = state;
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
  const kept = 0.5 ** (age / HALF_LIFE_NIGHTS);
  const shape = { rowCount: isBroken.length, memberCount: members.length, levels, leads };
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

function encodeLosses(losses: MemberLosses): Uint8Array {
  const { members, blocks, levels, seriesCount, nights } = losses;
  const width = members.length * blocks.length * levels.length;
  return encodeColumns({
    rowCount: seriesCount,
    columns: {
      nights,
      losses: { list: losses.losses, width },
      relative: { list: losses.relative, width },
    },
    metadata: { about: JSON.stringify({ members, blocks, levels }) },
  });
}

/** The losses that `prepareShard` kept. */
export async function readLosses(
  run: Run,
  shard: number,
  ports: Pick<NightPorts, 'objects'>,
  resolution: Resolution,
): Promise<MemberLosses> {
  const file = decodeColumns(await ports.objects.get(lossesKey(run, resolution, shard)));
  const about = JSON.parse(file.metadata?.about ?? '{}') as {
    readonly members: readonly string[];
    readonly blocks: readonly ChoiceBlock[];
    readonly levels: readonly number[];
  };
  const list = (name: string) => (file.columns[name] as { readonly list: Float32Array }).list;
  const nights = file.columns.nights as Float64Array;
  const [losses, relative] = [list('losses'), list('relative')];
  return { ...about, seriesCount: file.rowCount, losses, relative, nights };
}
