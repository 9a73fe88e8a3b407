// Identity: tenants, VMs, runs; and ids that are hashes of what they name.
import { createHash } from 'node:crypto';
import { DomainError } from './errors';

/** The tenant of the embedded default. */
export const DEFAULT_TENANT = 'default';

/** Also as a pattern in schemas. */
export const VM_ID = /^[A-Za-z0-9._:/-]{1,200}$/; // docs: design, "Identity"

export function isVmId(value: string): boolean {
  return VM_ID.test(value);
}

/** Throws REQUEST_INVALID when `value` is not a VM id. */
export function vmIdOf(value: string): string {
  if (!isVmId(value)) {
    const shown = JSON.stringify(value.slice(0, 60));
    throw new DomainError(
      'REQUEST_INVALID',
      `vmId ${shown} is not 1 to 200 of A-Z a-z 0-9 . _ : / -`,
      { field: 'vmId' },
    );
  }
  return value;
}

/** A stable id: the first 32 hex digits of SHA-256 over the parts, each ended by U+001F. */
export function hashId(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    hash.update(`${part}\u001f`);
  }
  return hash.digest('hex').slice(0, 32);
}
