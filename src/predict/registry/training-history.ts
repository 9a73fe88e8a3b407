// The history that models of the fleet learn from: some VMs drawn by their id, not by their place.
import { bucketStart, DAY_MS, HOUR_MS, seedOf, type EpochMs, type SeriesBatch } from '../../core';
import type { TenantPorts } from '../night-ports';
import { HISTORY_DAYS, type Resolution } from '../night-settings';

/** Rows are drawn from so many VMs; more cost memory and say the same. */
export const TRAINING_VMS_MAX = 2_000;

export interface TrainingHistory {
  /** By row, in the order of the ids. */
  readonly vmIds: readonly string[];
  readonly batch: SeriesBatch;
}

/** The days before the last full hour; another order of the catalog draws the same VMs. */
export async function trainingHistory(
  { rollups, history }: TenantPorts,
  { stepMs }: Pick<Resolution, 'stepMs'>,
  atMs: EpochMs,
  days = HISTORY_DAYS,
): Promise<TrainingHistory> {
  const drawn = (await rollups.vms())
    .map((vm) => ({ vm, draw: seedOf(vm.vmId) }))
    .toSorted((a, b) => a.draw - b.draw || (a.vm.vmId < b.vm.vmId ? -1 : 1))
    .slice(0, TRAINING_VMS_MAX)
    .toSorted((a, b) => (a.vm.vmId < b.vm.vmId ? -1 : 1));
  const vmIndexes = Uint32Array.from(drawn, ({ vm }) => vm.vmIndex);
  const toMs = bucketStart(atMs, HOUR_MS);
  const batch = await history.series(stepMs, vmIndexes, toMs - days * DAY_MS, toMs);
  return { vmIds: drawn.map(({ vm }) => vm.vmId), batch };
}
