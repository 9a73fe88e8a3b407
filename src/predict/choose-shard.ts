// Stage choose: a shard's candidates become documents, staged out of sight.
import type { Json } from '../core';
import { decodeColumns } from './column-file';
import type { Run, ShardLease } from './ledger';
import { shardKey, type NightPorts } from './night-ports';

export interface ChooseResult {
  readonly documents: number;
  readonly windows: number;
  /** VMs with at least one window. */
  readonly vmsWithWindows: number;
}

export async function chooseShard(run: Run, shard: ShardLease, ports: NightPorts): Promise<Json> {
  const bytes = await ports.objects.get(shardKey(run.runId, 'candidates', shard.shard));
  const chosen = await ports.planner.choose(
    run,
    shard.shard,
    decodeColumns(bytes),
    ports.kernels(run.plan.backend, run.plan.isa),
  );
  return { ...chosen } as Json;
}
