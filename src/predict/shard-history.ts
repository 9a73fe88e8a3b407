// The series of one shard's VMs, in the order of vmId, and what is known about each VM.
import type { SeriesBatch } from '../core';
import type { VmRecord } from '../ingest';
import { historySpan, KNOWN_HOURS_MIN, SILENT_MS_MAX, type Resolution } from './night-settings';
import type { Run, ShardLease } from './ledger';
import type { NightPorts } from './night-ports';

export interface ShardHistory {
  readonly vms: readonly VmRecord[];
  /** Of the resolutions that were asked for. */
  readonly series: Readonly<Record<string, SeriesBatch>>;
  /** Why a VM gets no windows tonight, by row; sparse. */
  readonly abstentions: Map<number, string>;
  /** (vms) last known mean of the finest resolution, cpuPct; NaN when none. */
  readonly lastPct: Float64Array;
}

type ShardRange = Pick<ShardLease, 'firstVm' | 'vmCount'>;

/** The shard's VMs, without those that the catalog forgot. */
export async function vmsOf(
  run: Run,
  shard: ShardRange,
  ports: NightPorts,
): Promise<readonly VmRecord[]> {
  const vmIds = await ports.ledger.vmIds(run.runId, shard.firstVm, shard.vmCount);
  return ports.tenant(run.tenantId).rollups.vmRecords(vmIds);
}

/**
 * `broken`: VMs whose data made a forecast throw, with the reason; their values are left out.
 * `rows`: only these VMs of the shard. `resolutions`: the finest first.
 */
export async function readShardHistory(
  run: Run,
  shard: ShardRange,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
  resolutions: readonly Resolution[],
  rows?: readonly number[],
): Promise<ShardHistory> {
  const all = await vmsOf(run, shard, ports);
  const vms = rows === undefined ? all : rows.map((row) => all[row]);
  const { history } = ports.tenant(run.tenantId);
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const { fromMs, toMs } = historySpan(run.plan.cutoffMs);
  const vmIndexes = Uint32Array.from(vms, (vm) => vm.vmIndex);
  const series: Record<string, SeriesBatch> = {};
  for (const { name, stepMs } of resolutions) {
    series[name] = await history.series(stepMs, vmIndexes, fromMs, toMs, kernels.history);
  }
  const finest = series[resolutions[0].name];
  const coarsest = series[resolutions[resolutions.length - 1].name];
  const abstentions = new Map<number, string>();
  const lastPct = new Float64Array(vms.length).fill(Number.NaN);
  vms.forEach((vm, row) => {
    const why = broken.get(vm.vmId);
    if (why !== undefined) {
      for (const batch of Object.values(series)) blank(batch, row);
      abstentions.set(row, `its data broke the forecast: ${why}`);
      return;
    }
    const last = lastKnown(finest, row);
    if (last >= 0) lastPct[row] = finest.values[row * finest.length + last];
    const silentMs = (finest.length - 1 - last) * finest.stepMs;
    const reason = abstentionOf(coarsest, row, silentMs, last < 0);
    if (reason !== undefined) abstentions.set(row, reason);
  });
  return { vms, series, abstentions, lastPct };
}

function abstentionOf(
  coarsest: SeriesBatch,
  row: number,
  silentMs: number,
  nothing: boolean,
): string | undefined {
  if (nothing) return 'no sample in the last 28 days';
  if (silentMs >= SILENT_MS_MAX) return `silent for ${Math.floor(silentMs / 3_600_000)} hours`;
  let steps = 0;
  for (let at = row * coarsest.length; at < (row + 1) * coarsest.length; at += 1) {
    if (!Number.isNaN(coarsest.values[at])) steps += 1;
  }
  const hours = Math.floor((steps * coarsest.stepMs) / 3_600_000);
  return hours < KNOWN_HOURS_MIN
    ? `${hours} hours of history; ${KNOWN_HOURS_MIN} are needed`
    : undefined;
}

/** Column of the last known value; -1 when there is none. */
function lastKnown(batch: SeriesBatch, row: number): number {
  let column = batch.length - 1;
  while (column >= 0 && Number.isNaN(batch.values[row * batch.length + column])) column -= 1;
  return column;
}

function blank(batch: SeriesBatch, row: number): void {
  batch.values.fill(Number.NaN, row * batch.length, (row + 1) * batch.length);
}
