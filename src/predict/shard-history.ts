// The series of one shard's VMs, in the order of vmId, and what is known about each VM.
import type { SeriesBatch } from '../core';
import type { History } from '../features';
import type { VmRecord } from '../ingest';
import { FIVE_MINUTE, historySpan, KNOWN_HOURS_MIN, SILENT_MS_MAX } from './night-settings';
import type { Run, ShardLease } from './ledger';
import type { NightPorts } from './night-ports';

export interface ShardHistory extends History {
  readonly vms: readonly VmRecord[];
  /** Why a VM gets no windows tonight, by row; sparse. */
  readonly abstentions: Map<number, string>;
  /** (vms) last known five-minute mean, cpuPct; NaN when none. */
  readonly lastPct: Float64Array;
}

/** `broken`: VMs whose data made a forecast throw, with the reason; their values are left out. */
export async function readShardHistory(
  run: Run,
  shard: Pick<ShardLease, 'firstVm' | 'vmCount'>,
  ports: NightPorts,
  broken: ReadonlyMap<string, string>,
): Promise<ShardHistory> {
  const { rollups, history } = ports.tenant(run.tenantId);
  const vmIds = await ports.ledger.vmIds(run.runId, shard.firstVm, shard.vmCount);
  const vms = await rollups.vmRecords(vmIds);
  const { fromMs, toMs } = historySpan(run.plan.cutoffMs);
  const read = await history.read(
    Uint32Array.from(vms, (vm) => vm.vmIndex),
    fromMs,
    toMs,
  );
  const abstentions = new Map<number, string>();
  const lastPct = new Float64Array(vms.length).fill(Number.NaN);
  vms.forEach((vm, row) => {
    const why = broken.get(vm.vmId);
    if (why !== undefined) {
      blank(read.hourly, row);
      blank(read.fiveMinute, row);
      abstentions.set(row, `its data broke the forecast: ${why}`);
      return;
    }
    const last = lastKnown(read.fiveMinute, row);
    if (last >= 0) lastPct[row] = read.fiveMinute.values[row * read.fiveMinute.length + last];
    const reason = abstentionOf(read.hourly, row, read.fiveMinute.length - 1 - last, last < 0);
    if (reason !== undefined) abstentions.set(row, reason);
  });
  return { ...read, vms, abstentions, lastPct };
}

function abstentionOf(
  hourly: SeriesBatch,
  row: number,
  silentBins: number,
  nothing: boolean,
): string | undefined {
  if (nothing) return 'no sample in the last 28 days';
  const silentMs = silentBins * FIVE_MINUTE.stepMs;
  if (silentMs >= SILENT_MS_MAX) return `silent for ${Math.floor(silentMs / 3_600_000)} hours`;
  let hours = 0;
  for (let at = row * hourly.length; at < (row + 1) * hourly.length; at += 1) {
    if (!Number.isNaN(hourly.values[at])) hours += 1;
  }
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
