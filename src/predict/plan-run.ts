// From "tonight" to a run: which VMs, which cutoff, which seed, which shards.
import {
  bucketStart,
  DAY_MS,
  DomainError,
  formatInstant,
  HOUR_MS,
  localDate,
  seedOf,
  type EpochMs,
} from '../core';
import { memberNames } from '../models';
import { FIVE_MINUTE, historySpan, HOURLY, resolutionsOf, type Horizons } from './night-settings';
import type { NightPorts } from './night-ports';
import type { Run, RunPlan } from './ledger';

export interface RunRequest {
  readonly tenantId: string;
  readonly timeZone: string;
  /** The night's instant; its last full hour is the cutoff. */
  readonly atMs: EpochMs;
  readonly shardSize: number;
  readonly backend: string;
  readonly isa: string;
  readonly codeVersion: string;
  /** Default: both resolutions. */
  readonly horizons?: Horizons;
  /** Members by resolution; default: those that need no training. */
  readonly models?: { readonly hourly: readonly string[]; readonly fiveMinute: readonly string[] };
  /** Champions of the registry among those models, and those that could not be loaded. */
  readonly registered?: Pick<RunPlan, 'champions' | 'leftOut'>;
  /** A new attempt although the runDate is published. */
  readonly again?: boolean;
}

export const SHARD_SIZE = 256; // VMs: some 50 MB while it is worked on
const SHARD_SIZE_MAX = 16_384; // at five minutes one shard then needs some 4 GB
const RUNS_LOOKED_AT = 20;
const NIGHTS_MISSED_MAX = 7; // older losses say little: all is judged by history again

/**
 * Opens or joins the run of the cutoff's local date. Throws INSTANT_WITHOUT_DATA when no VM has a
 * sample in the 28 days before it.
 */
export async function startRun(
  request: RunRequest,
  ports: NightPorts,
): Promise<{ readonly run: Run; readonly joined: boolean }> {
  const { tenantId, timeZone, atMs, shardSize } = request;
  if (!Number.isInteger(shardSize) || shardSize < 1 || shardSize > SHARD_SIZE_MAX) {
    throw new DomainError(
      'REQUEST_INVALID',
      `shardSize is ${shardSize}; 1 to ${SHARD_SIZE_MAX} is accepted`,
      { field: 'shardSize' },
    );
  }
  const cutoffMs = bucketStart(atMs, HOUR_MS);
  const { rollups } = ports.tenant(tenantId);
  const [{ stepMs }] = resolutionsOf(request);
  await refuseWithoutData(ports, tenantId, cutoffMs, stepMs);
  const vmIds = [...new Set((await rollups.vms()).map((vm) => vm.vmId))].toSorted();
  const runDate = localDate(cutoffMs, timeZone);
  const plan: RunPlan = {
    cutoffMs,
    timeZone,
    vmCount: vmIds.length,
    shardSize,
    seed: seedOf(tenantId, runDate),
    isa: request.isa,
    backend: request.backend,
    codeVersion: request.codeVersion,
    hourlyModels: request.models?.hourly ?? memberNames(HOURLY.stepsPerDay),
    fiveMinuteModels: request.models?.fiveMinute ?? memberNames(FIVE_MINUTE.stepsPerDay),
    horizons: request.horizons,
    ...request.registered,
    planner: await ports.planner.prepare(tenantId),
    before: await nightBefore(tenantId, cutoffMs, ports),
  };
  const again = request.again === true;
  const nowMs = ports.clock.nowMs();
  return ports.ledger.openRun({ tenantId, runDate, again, plan, vmIds, nowMs });
}

/** The newest published run whose first day is over, and not long ago. */
async function nightBefore(
  tenantId: string,
  cutoffMs: EpochMs,
  { ledger }: NightPorts,
): Promise<RunPlan['before']> {
  const runs = await ledger.runs(tenantId, RUNS_LOOKED_AT);
  const found = runs.find(
    ({ status, plan }) =>
      status === 'published' &&
      plan.cutoffMs <= cutoffMs - DAY_MS &&
      plan.cutoffMs >= cutoffMs - NIGHTS_MISSED_MAX * DAY_MS,
  );
  return found === undefined ? undefined : { runId: found.runId, cutoffMs: found.plan.cutoffMs };
}

async function refuseWithoutData(
  ports: NightPorts,
  tenantId: string,
  cutoffMs: EpochMs,
  stepMs: number,
): Promise<void> {
  const { rollups } = ports.tenant(tenantId);
  const { fromMs, toMs } = historySpan(cutoffMs);
  const segments = await rollups.segments(fromMs, toMs, stepMs);
  if (segments.length > 0) return;
  const blocks = await rollups.blockSpan();
  if (blocks !== undefined && blocks.firstMs < toMs && blocks.lastMs >= fromMs) return;
  const days = await rollups.segments(0, Number.MAX_SAFE_INTEGER, stepMs);
  const firstMs = Math.min(...days.map((day) => day.dayMs), blocks?.firstMs ?? Infinity);
  const lastMs = Math.max(...days.map((day) => day.dayMs + DAY_MS), blocks?.lastMs ?? 0);
  const known =
    lastMs === 0
      ? 'no samples are stored'
      : `samples reach from ${formatInstant(firstMs)} to ${formatInstant(lastMs)}`;
  throw new DomainError(
    'INSTANT_WITHOUT_DATA',
    `there is nothing in the 28 days before ${formatInstant(cutoffMs)}; ${known}`,
    { field: 'at' },
  );
}

/** Ranges [firstVm, firstVm + vmCount) of `shardSize`; one empty range for an empty fleet. */
export function shardRanges(
  vmCount: number,
  shardSize: number,
): readonly { readonly firstVm: number; readonly vmCount: number }[] {
  if (vmCount === 0) return [{ firstVm: 0, vmCount: 0 }];
  return Array.from({ length: Math.ceil(vmCount / shardSize) }, (_, shard) => ({
    firstVm: shard * shardSize,
    vmCount: Math.min(shardSize, vmCount - shard * shardSize),
  }));
}
