// Addresses of calendars that carry their own permission: signed, of one thing, until an instant.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError, formatInstant, type EpochMs } from '../../core';

/** What an address permits to read: the windows of a tenant's host, or of all its VMs. */
export interface AddressClaim {
  readonly tenantId: string;
  readonly host?: string;
  readonly untilMs: EpochMs;
}

const CALENDAR_PATH = '/v1/windows.ics';

/**
 * The key of this service's addresses: ADDRESS_KEY, or else made of the operator's token, so that
 * addresses outlive a restart and end when that token is replaced.
 */
export function addressKeyOf(configured: string | undefined, operatorToken: string): Buffer {
  return createHmac('sha256', configured ?? operatorToken)
    .update('slackwater addresses 1')
    .digest();
}

/** Path and query; the host is where the service is reached. */
export function signedPath(key: Buffer, claim: AddressClaim): string {
  const { tenantId, host, untilMs } = claim;
  const query = new URLSearchParams({
    tenant: tenantId,
    ...(host !== undefined && { host }),
    until: String(untilMs),
    signature: signatureOf(key, claim),
  });
  return `${CALENDAR_PATH}?${query}`;
}

/** Throws ADDRESS_INVALID: signed by another key, changed, or past its end. */
export function checkAddress(
  key: Buffer,
  claim: AddressClaim,
  signature: string,
  nowMs: EpochMs,
): void {
  const expected = Buffer.from(signatureOf(key, claim));
  const given = Buffer.from(signature);
  // The end is told only to those who hold a true address.
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new DomainError('ADDRESS_INVALID', 'the address was changed or signed by another key');
  }
  if (nowMs >= claim.untilMs) {
    const message = `the address ended at ${formatInstant(claim.untilMs)}`;
    throw new DomainError('ADDRESS_INVALID', message);
  }
}

/** JSON keeps the parts apart whatever a host is called. */
function signatureOf(key: Buffer, { tenantId, host, untilMs }: AddressClaim): string {
  return createHmac('sha256', key)
    .update(JSON.stringify([tenantId, host ?? null, untilMs]))
    .digest('base64url');
}
