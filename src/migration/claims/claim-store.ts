// Where claims are kept.
import type { Claim } from './claim';

/** Whether a claim is still the one that was read: no later token, state, or lease. */
export function isAsRead(stored: Claim | undefined, read: Claim | undefined): boolean {
  return (
    stored?.token === read?.token &&
    stored?.state === read?.state &&
    stored?.leaseUntilMs === read?.leaseUntilMs
  );
}

/** Twins: memory and PostgreSQL. */
export abstract class ClaimStore {
  /** Claims of a VM, newest token first; the last 100. */
  abstract ofVm(tenantId: string, vmId: string): Promise<readonly Claim[]>;

  /**
   * A claim with the next token. False where `after` is no longer the VM's newest claim as it was
   * read (undefined: there was none): another executor was faster.
   */
  abstract add(tenantId: string, claim: Claim, after: Claim | undefined): Promise<boolean>;

  /**
   * False where state or lease are no longer those of `from`, or where `to` is started and a higher
   * token exists: nothing was changed then.
   */
  abstract change(tenantId: string, from: Claim, to: Claim): Promise<boolean>;
}
