// What a second outcome of one id does to the first: the same rule for every store.
import { canonicalJson, DomainError, type Json } from '../../core';
import type { Outcome } from './outcome-schema';
import type { Kept } from './outcome-store';

/** Throws OUTCOME_CONFLICT when both are known and differ. */
export function settleOutcome(kept: Outcome, came: Outcome): Exclude<Kept, 'new'> {
  if (canonicalJson(kept as Json) === canonicalJson(came as Json)) return 'again';
  const sameStart = kept.vmId === came.vmId && kept.windowId === came.windowId;
  if (sameStart && came.status === 'unknown') return 'again';
  if (sameStart && kept.status === 'unknown') return 'settled';
  throw new DomainError(
    'OUTCOME_CONFLICT',
    `outcome '${came.id}' of VM '${came.vmId}' is ${came.status}; it was told as ${kept.status} of VM '${kept.vmId}' before, with other figures`,
    { id: came.id },
  );
}
