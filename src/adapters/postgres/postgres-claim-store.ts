// Claims in PostgreSQL: the steps of one VM come one after the other.
import { ClaimStore, isAsRead, type Claim } from '../../migration';
import type { Database } from './database';
import { lockUntilEnd } from './transaction';

const LISTED = 100;

export class PostgresClaimStore extends ClaimStore {
  constructor(private readonly database: Database) {
    super();
  }

  override ofVm(tenantId: string, vmId: string): Promise<readonly Claim[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<{ claim: Claim }>(
        'SELECT claim FROM window_claim WHERE vm_id = $1 ORDER BY token DESC LIMIT $2',
        [vmId, LISTED],
      );
      return rows.map(({ claim }) => claim);
    });
  }

  override add(tenantId: string, claim: Claim, after: Claim | undefined): Promise<boolean> {
    const { vmId, token, state, leaseUntilMs } = claim;
    return this.database.withTenant(tenantId, async (client) => {
      await lockUntilEnd(client, nameOf(tenantId, vmId));
      const { rows } = await client.query<{ claim: Claim }>(
        'SELECT claim FROM window_claim WHERE vm_id = $1 ORDER BY token DESC LIMIT 1',
        [vmId],
      );
      if (!isAsRead(rows.at(0)?.claim, after)) return false;
      await client.query(
        `INSERT INTO window_claim (tenant_id, vm_id, token, state, lease_until_ms, claim)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [tenantId, vmId, token, state, leaseUntilMs, JSON.stringify(claim)],
      );
      return true;
    });
  }

  override change(tenantId: string, from: Claim, to: Claim): Promise<boolean> {
    return this.database.withTenant(tenantId, async (client) => {
      await lockUntilEnd(client, nameOf(tenantId, from.vmId));
      const { rowCount } = await client.query(
        `UPDATE window_claim AS mine SET state = $5, lease_until_ms = $6, claim = $7
         WHERE vm_id = $1 AND token = $2 AND state = $3 AND lease_until_ms = $4
           AND ($5 <> 'started' OR NOT EXISTS (
             SELECT 1 FROM window_claim AS newer
             WHERE newer.vm_id = mine.vm_id AND newer.token > mine.token))`,
        [
          from.vmId,
          from.token,
          from.state,
          from.leaseUntilMs,
          to.state,
          to.leaseUntilMs,
          JSON.stringify(to),
        ],
      );
      return rowCount === 1;
    });
  }
}

function nameOf(tenantId: string, vmId: string): string {
  return `claim ${tenantId}/${vmId}`;
}
