// Bearer tokens in PostgreSQL: hashes only; found over all tenants, since a token names its tenant.
import { TokenStore, type EpochMs, type Scope, type TokenRecord } from '../../core';
import type { Database } from './database';

interface TokenRow {
  readonly hash: string;
  readonly tenant_id: string;
  readonly label: string;
  readonly scopes: Scope[];
  readonly created_ms: number;
  readonly revoked_ms: number | null;
}

export class PostgresTokenStore extends TokenStore {
  constructor(private readonly database: Database) {
    super();
  }

  override async add(token: TokenRecord): Promise<void> {
    const { hash, tenantId, label, scopes, createdMs } = token;
    await this.database.withTenant(tenantId, (client) =>
      client.query(
        `INSERT INTO token (tenant_id, hash, label, scopes, created_ms)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (hash) DO NOTHING`,
        [tenantId, hash, label, scopes, createdMs],
      ),
    );
  }

  override find(hash: string): Promise<TokenRecord | undefined> {
    return this.database.withEveryTenant(async (client) => {
      const { rows } = await client.query<TokenRow>('SELECT * FROM token WHERE hash = $1', [hash]);
      return rows.length === 0 ? undefined : recordOf(rows[0]);
    });
  }

  override list(tenantId: string): Promise<readonly TokenRecord[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<TokenRow>(
        'SELECT * FROM token ORDER BY created_ms, hash',
      );
      return rows.map(recordOf);
    });
  }

  override async revoke(tenantId: string, hash: string, nowMs: EpochMs): Promise<void> {
    await this.database.withTenant(tenantId, (client) =>
      client.query('UPDATE token SET revoked_ms = $2 WHERE hash = $1 AND revoked_ms IS NULL', [
        hash,
        nowMs,
      ]),
    );
  }
}

function recordOf(row: TokenRow): TokenRecord {
  return {
    hash: row.hash,
    tenantId: row.tenant_id,
    label: row.label,
    scopes: row.scopes,
    createdMs: row.created_ms,
    ...(row.revoked_ms !== null && { revokedMs: row.revoked_ms }),
  };
}
