// One job: lease the shard, do its stage, complete it; find the VM that breaks it.
import { DomainError, type Json } from '../core';
import { withArena } from '../kernels';
import { chooseShard } from './choose-shard';
import { fleetStatistics } from './fleet-statistics';
import { forecastShard } from './forecast-shard';
import type { ShardJob } from './job-queue';
import type { Run, ShardLease } from './ledger';
import type { NightPorts } from './night-ports';
import { prepareShard } from './prepare-shard';
import { publishRun } from './publish-run';

export const LEASE_MS = 30_000; // a shard takes some seconds; a dead worker costs at most this
const RENEW_EVERY_MS = LEASE_MS / 3;
const ATTEMPTS_MAX = 4;
const LEFT_OUT = 'left out while the cause is searched';

export interface Worker {
  readonly name: string;
  readonly leaseMs?: number;
  /** After each shard that was leased here: for logs and metrics. */
  readonly onShard?: (told: ShardTold) => void;
}

export interface ShardTold extends ShardJob {
  readonly attempt: number;
  readonly seconds: number;
  /** 'lost': somebody else took the lease over; what was done here counts for nothing. */
  readonly outcome: 'done' | 'failed' | 'lost';
  readonly reason?: string;
}

/** Idempotent: a shard that is done, or leased by somebody else, is left alone. */
export async function runShard(job: ShardJob, ports: NightPorts, worker: Worker): Promise<void> {
  const { ledger, clock } = ports;
  const run = await ledger.run(job.runId);
  if (run === undefined || run.status !== 'running') return;
  const leaseMs = worker.leaseMs ?? LEASE_MS;
  const lease = await ledger.lease(
    job.runId,
    job.stage,
    job.shard,
    worker.name,
    clock.nowMs(),
    leaseMs,
  );
  if (lease === undefined) return;
  const renewal = setInterval(
    () => {
      // A renewal that fails costs the lease, and `complete` tells so.
      ledger.renew(lease, clock.nowMs(), leaseMs).catch(() => false);
    },
    Math.min(RENEW_EVERY_MS, leaseMs / 3),
  );
  const beganMs = clock.monotonicMs();
  const tell = (outcome: ShardTold['outcome'], reason?: string): void => {
    const seconds = (clock.monotonicMs() - beganMs) / 1_000;
    worker.onShard?.({ ...job, attempt: lease.attempts, seconds, outcome, reason });
  };
  try {
    // What kernels compute for a shard is used again for the next: nothing of it is kept.
    const result = await withArena((arena) =>
      workOn(run, lease, {
        ...ports,
        kernels: (backend, isa) => ports.kernels(backend, isa).within(arena),
      }),
    );
    const kept = await ledger.complete(lease, result);
    tell(kept ? 'done' : 'lost');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    tell('failed', reason);
    const transient = error instanceof DomainError && error.retry;
    await ledger.release(lease, reason, transient ? Number.MAX_SAFE_INTEGER : ATTEMPTS_MAX);
  } finally {
    clearInterval(renewal);
  }
}

function workOn(run: Run, lease: ShardLease, ports: NightPorts): Promise<Json> {
  switch (lease.stage) {
    case 'prepare':
      return isolating(run, lease, ports, (broken) => prepareShard(run, lease, ports, broken));
    case 'fleet':
      return fleetStatistics(run, ports.ledger);
    case 'forecast':
      return isolating(run, lease, ports, (broken) => forecastShard(run, lease, ports, broken));
    case 'choose':
      return chooseShard(run, lease, ports);
    case 'publish':
      return publishRun(run, ports);
  }
}

/**
 * The first attempt takes all VMs. After a failure that is no outage the VMs that break the stage
 * are found by halving; they are left out with the reason, their neighbours are not. What fails
 * without any VM's data (a corrupt segment, a missing instruction set) is blamed on no VM.
 * O(k log n) repeats for k such VMs.
 */
async function isolating(
  run: Run,
  lease: ShardLease,
  ports: NightPorts,
  work: (broken: ReadonlyMap<string, string>) => Promise<Json>,
): Promise<Json> {
  if (lease.attempts <= 1) return work(new Map());
  try {
    return await work(new Map());
  } catch (error) {
    if (error instanceof DomainError && error.retry) throw error;
    const vmIds = await ports.ledger.vmIds(run.runId, lease.firstVm, lease.vmCount);
    const broken = await findBroken(vmIds, work);
    if (broken.size === 0) throw error;
    return work(broken);
  }
}

/** VMs that break `work` on their own, each with the message; throws what breaks it without any. */
export async function findBroken(
  vmIds: readonly string[],
  work: (broken: ReadonlyMap<string, string>) => Promise<unknown>,
): Promise<ReadonlyMap<string, string>> {
  const broken = new Map<string, string>();
  const allBut = (part: ReadonlySet<string>): ReadonlyMap<string, string> =>
    new Map(vmIds.filter((vmId) => !part.has(vmId)).map((vmId) => [vmId, LEFT_OUT]));
  await work(allBut(new Set()));
  const search = async (part: readonly string[]): Promise<void> => {
    try {
      await work(allBut(new Set(part)));
    } catch (error) {
      if (error instanceof DomainError && error.retry) throw error;
      if (part.length === 1) {
        broken.set(part[0], error instanceof Error ? error.message : String(error));
        return;
      }
      const middle = Math.ceil(part.length / 2);
      await search(part.slice(0, middle));
      await search(part.slice(middle));
    }
  };
  if (vmIds.length > 0) await search(vmIds);
  return broken;
}
