// What every executor asks of an order: its VM in the settings, a key, and a name for other processes.
import { createHash } from 'node:crypto';
import { DomainError } from '../../core';
import type { MigrationOrder } from '../../migration';

/** Throws EXECUTOR_REFUSED where the settings do not have the order's VM. */
export function vmOf<T>(vms: Readonly<Record<string, T>>, { vmId }: MigrationOrder): T {
  const vm: T | undefined = vms[vmId];
  if (vm !== undefined) return vm;
  throw new DomainError('EXECUTOR_REFUSED', `VM '${vmId}' is not in the executor's settings`);
}

/** Of what one process remembers of an order. */
export function keyOf({ vmId, token }: MigrationOrder): string {
  return `${vmId}\u001f${token}`;
}

/** Hex digits; the same order has the same in every process. */
export function hashOf({ vmId, windowId, rank, token }: MigrationOrder): string {
  const parts = JSON.stringify([vmId, windowId, rank, token]);
  return createHash('sha256').update(parts).digest('hex');
}

/** Work before the call that starts: whatever goes wrong, nothing was started. */
export async function unstarted<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new DomainError('EXECUTOR_REFUSED', error.message, {}, { cause: error });
  }
}
