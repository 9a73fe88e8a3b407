// Stage prepare: how well each member forecast each VM's last nights.
import { QUANTILE_LEVELS, type Json, type SeriesBatch } from '../core';
import {
  CALIBRATION_NIGHTS,
  createForecaster,
  fleetLosses,
  memberLosses,
  type ChoiceBlock,
  type FleetLosses,
  type MemberLosses,
} from '../models';
import { decodeColumns, encodeColumns } from './column-file';
import { BOUNDS, FIVE_MINUTE, HOURLY, type Resolution } from './night-settings';
import type { Run, ShardLease } from './ledger';
import { shardKey, type NightPorts } from './night-ports';
import { readShardHistory } from './shard-history';

/** Integer sums that the stage fleet adds up; the ledger keeps them. */
export interface PrepareResult {
  readonly hourly: FleetLosses;
  readonly fiveMinute: FleetLosses;
}

export async function prepareShard(
  run: Run,
  shard: ShardLease,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<Json> {
  const history = await readShardHistory(run, shard, ports, broken);
  const hourly = await lossesOf(run, ports, HOURLY, history.hourly);
  const fiveMinute = await lossesOf(run, ports, FIVE_MINUTE, history.fiveMinute);
  for (const [resolution, losses] of [
    [HOURLY, hourly],
    [FIVE_MINUTE, fiveMinute],
  ] as const) {
    const key = shardKey(run.runId, `losses-${resolution.stepMs / 1_000}`, shard.shard);
    await ports.objects.put(key, encodeLosses(losses));
  }
  const result: PrepareResult = {
    hourly: fleetLosses(hourly),
    fiveMinute: fleetLosses(fiveMinute),
  };
  return result as unknown as Json;
}

function lossesOf(
  run: Run,
  ports: NightPorts,
  resolution: Resolution,
  history: SeriesBatch,
): Promise<MemberLosses> {
  const { stepsPerDay, horizon } = resolution;
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const names = resolution === HOURLY ? run.plan.hourlyModels : run.plan.fiveMinuteModels;
  const members = names.map((name) =>
    createForecaster(name, { kernels, stepsPerDay, horizon, bounds: BOUNDS }),
  );
  return memberLosses(history, members, {
    end: history.length,
    seasonLength: stepsPerDay,
    stepsPerDay,
    nights: CALIBRATION_NIGHTS,
    horizon: Math.min(horizon, stepsPerDay), // nights are judged by their first day
    levels: QUANTILE_LEVELS,
    bounds: BOUNDS,
  });
}

function encodeLosses(losses: MemberLosses): Uint8Array {
  const { members, blocks, levels, seriesCount } = losses;
  const names = columnNames(members, blocks, levels);
  const columns: Record<string, Float64Array | Float32Array> = { nights: losses.nights };
  names.forEach((name, at) => {
    const column = new Float32Array(seriesCount);
    for (let row = 0; row < seriesCount; row += 1) {
      column[row] = losses.losses[row * names.length + at];
    }
    columns[name] = column;
  });
  const metadata = {
    members: JSON.stringify(members),
    blocks: JSON.stringify(blocks),
    levels: JSON.stringify(levels),
  };
  return encodeColumns({ rowCount: seriesCount, columns, metadata });
}

/** In the order of MemberLosses.losses. */
function columnNames(
  members: readonly string[],
  blocks: readonly ChoiceBlock[],
  levels: readonly number[],
): readonly string[] {
  return members.flatMap((member) =>
    blocks.flatMap(({ from, to }) => levels.map((level) => `${member}:${from}-${to}:${level}`)),
  );
}

/** The losses that `prepareShard` kept. */
export async function readLosses(
  run: Run,
  shard: number,
  ports: Pick<NightPorts, 'objects'>,
  resolution: Resolution,
): Promise<MemberLosses> {
  const key = shardKey(run.runId, `losses-${resolution.stepMs / 1_000}`, shard);
  const file = decodeColumns(await ports.objects.get(key));
  const members = JSON.parse(file.metadata?.members ?? '[]') as string[];
  const blocks = JSON.parse(file.metadata?.blocks ?? '[]') as ChoiceBlock[];
  const levels = JSON.parse(file.metadata?.levels ?? '[]') as number[];
  const names = columnNames(members, blocks, levels);
  const losses = new Float32Array(file.rowCount * names.length);
  names.forEach((name, at) => {
    const column = file.columns[name] as Float32Array;
    for (let row = 0; row < file.rowCount; row += 1) losses[row * names.length + at] = column[row];
  });
  const nights = Float64Array.from(file.columns.nights as Float64Array);
  return { members, blocks, levels, seriesCount: file.rowCount, losses, nights };
}
