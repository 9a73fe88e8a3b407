// The VM that a request names.
import { DomainError } from '../../core';
import type { VmRecord } from '../../ingest';
import type { Service } from '../composition/service';

/** Throws VM_UNKNOWN. */
export async function findVm(
  { ports }: Pick<Service, 'ports'>,
  tenantId: string,
  vmId: string,
): Promise<VmRecord> {
  const [vm] = await ports.tenant(tenantId).rollups.vmRecords([vmId]);
  if (vm !== undefined) return vm;
  throw new DomainError('VM_UNKNOWN', `VM '${vmId.slice(0, 200)}' is unknown`);
}
