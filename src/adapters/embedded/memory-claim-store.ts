// Claims in memory: for unit tests.
import { ClaimStore, isAsRead, type Claim } from '../../migration';

const LISTED = 100;

export class MemoryClaimStore extends ClaimStore {
  /** By tenant and VM, oldest first. */
  private readonly claims = new Map<string, Claim[]>();

  override ofVm(tenantId: string, vmId: string): Promise<readonly Claim[]> {
    return Promise.resolve(this.of(tenantId, vmId).toReversed().slice(0, LISTED));
  }

  override add(tenantId: string, claim: Claim, after: Claim | undefined): Promise<boolean> {
    const kept = this.of(tenantId, claim.vmId);
    if (!isAsRead(kept.at(-1), after)) return Promise.resolve(false);
    kept.push(claim);
    return Promise.resolve(true);
  }

  override change(tenantId: string, from: Claim, to: Claim): Promise<boolean> {
    const kept = this.of(tenantId, from.vmId);
    const at = kept.findIndex(({ token }) => token === from.token);
    const fenced = to.state === 'started' && at < kept.length - 1;
    if (at < 0 || fenced || !isAsRead(kept[at], from)) return Promise.resolve(false);
    kept[at] = to;
    return Promise.resolve(true);
  }

  private of(tenantId: string, vmId: string): Claim[] {
    const key = `${tenantId}\u001f${vmId}`;
    let found = this.claims.get(key);
    if (found === undefined) this.claims.set(key, (found = []));
    return found;
  }
}
