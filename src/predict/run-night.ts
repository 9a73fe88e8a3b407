// One night of one tenant, from its plan to its publication.
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../core';
import { advanceRun } from './advance-run';
import type { Run, StageProgress } from './ledger';
import type { NightPorts } from './night-ports';
import { startRun, type RunRequest } from './plan-run';
import { runShard, type Worker } from './run-shard';

export interface NightOptions {
  /** Shards in hand at once in this process; 0 leaves the work to others. */
  readonly workers: number;
  readonly worker: Worker;
  readonly onProgress?: (run: Run, progress: readonly StageProgress[]) => void;
}

const POLL_MS = 20; // the ledger is asked this often while shards are worked on elsewhere
const POLL_MS_LARGE = 200; // where each answer lists hundreds of shards
const LARGE_SHARDS = 50;

/**
 * Opens or joins the run and goes on where the ledger says, until it is published. Every step is
 * idempotent: after a crash the same call finishes the night. Throws INTERNAL with the reason when
 * the run failed for good.
 */
export async function runNight(
  request: RunRequest,
  ports: NightPorts,
  options: NightOptions,
): Promise<Run> {
  const { run } = await startRun(request, ports);
  if (options.workers > 0) {
    await ports.queue.work((job) => runShard(job, ports, options.worker), options.workers);
  }
  for (;;) {
    const stage = await advanceRun(run, ports);
    options.onProgress?.(run, await ports.ledger.progress(run.runId));
    if (stage === 'ended') return ended(run, ports);
    const isLarge = run.plan.vmCount > LARGE_SHARDS * run.plan.shardSize;
    await sleep(isLarge ? POLL_MS_LARGE : POLL_MS);
  }
}

async function ended(run: Run, ports: NightPorts): Promise<Run> {
  const last = await ports.ledger.run(run.runId);
  if (last === undefined || last.status === 'failed') {
    throw new DomainError('INTERNAL', `the night of ${run.runDate} failed: ${last?.failure ?? ''}`);
  }
  return last;
}
