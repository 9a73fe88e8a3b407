// The scheduler's step: looks at the ledger, plans the next stage, and hands out what is open.
import type { NightPorts } from './night-ports';
import { shardRanges } from './plan-run';
import { STAGES, type Run, type ShardRow, type Stage } from './ledger';

/** 'ended' when there is nothing left to do for the scheduler. */
export type Advance = Stage | 'ended';

/**
 * Idempotent; a lost queue is refilled by the next call, since only the ledger is asked. A shard
 * that failed for good fails the run: nothing of it is published.
 */
export async function advanceRun(run: Run, ports: NightPorts): Promise<Advance> {
  const { ledger, queue, clock } = ports;
  const nowMs = clock.nowMs();
  if ((await ledger.run(run.runId))?.status !== 'running') return 'ended';
  // Counts first: the rows of a stage carry its results, and are read only while it is open.
  const progress = await ledger.progress(run.runId);
  for (const stage of STAGES) {
    const known = progress.find((one) => one.stage === stage);
    if (known !== undefined && known.done === known.shards) continue;
    const shards = await planned(run, stage, ports);
    const failed = shards.find((shard) => shard.state === 'failed');
    if (failed !== undefined) {
      const why = failed.failure ?? 'no reason was given';
      await ledger.failRun(run.runId, `${stage} shard ${failed.shard}: ${why}`, nowMs);
      return 'ended';
    }
    const open = shards.filter((shard) => isOpen(shard, nowMs));
    if (open.length > 0) {
      await queue.add(open.map(({ runId, shard }) => ({ runId, stage, shard })));
    }
    if (shards.some((shard) => shard.state !== 'done')) return stage;
  }
  return 'ended';
}

async function planned(run: Run, stage: Stage, ports: NightPorts): Promise<readonly ShardRow[]> {
  const found = await ports.ledger.shards(run.runId, stage);
  if (found.length > 0) return found;
  const { vmCount, shardSize } = run.plan;
  const whole = stage === 'fleet' || stage === 'publish';
  const ranges = whole ? [{ firstVm: 0, vmCount }] : shardRanges(vmCount, shardSize);
  await ports.ledger.planStage(run.runId, stage, ranges);
  return ports.ledger.shards(run.runId, stage);
}

function isOpen(shard: ShardRow, nowMs: number): boolean {
  if (shard.state === 'open') return true;
  return shard.state === 'leased' && (shard.leaseUntilMs ?? 0) <= nowMs;
}
