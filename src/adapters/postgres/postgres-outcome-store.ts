// Outcomes in PostgreSQL.
import {
  OutcomeStore,
  settleOutcome,
  type Kept,
  type OutcomeRecord,
  type StoredOutcome,
} from '../../migration';
import type { Database } from './database';
import { lockUntilEnd } from './transaction';

interface OutcomeRow {
  readonly position: number;
  readonly record: OutcomeRecord;
}

export class PostgresOutcomeStore extends OutcomeStore {
  constructor(private readonly database: Database) {
    super();
  }

  override put(tenantId: string, record: OutcomeRecord): Promise<Kept> {
    const { outcome } = record;
    return this.database.withTenant(tenantId, async (client) => {
      // One writer per tenant: positions become visible in their order.
      await lockUntilEnd(client, `outcome ${tenantId}`);
      const { rows } = await client.query<OutcomeRow>(
        'SELECT position, record FROM outcome WHERE outcome_id = $1',
        [outcome.id],
      );
      const kept =
        rows.length === 0 ? 'new' : settleOutcome(rows[0].record.outcome, record.outcome);
      if (kept === 'again') return kept;
      await client.query('DELETE FROM outcome WHERE outcome_id = $1', [outcome.id]);
      await client.query(
        'INSERT INTO outcome (tenant_id, outcome_id, vm_id, record) VALUES ($1, $2, $3, $4)',
        [tenantId, outcome.id, outcome.vmId, JSON.stringify(record)],
      );
      return kept;
    });
  }

  override find(tenantId: string, id: string): Promise<StoredOutcome | undefined> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<OutcomeRow>(
        'SELECT position, record FROM outcome WHERE outcome_id = $1',
        [id],
      );
      return rows.map(storedOf).at(0);
    });
  }

  override list(
    tenantId: string,
    asked: { readonly after: number; readonly limit: number; readonly vmId?: string },
  ): Promise<readonly StoredOutcome[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<OutcomeRow>(
        `SELECT position, record FROM outcome
         WHERE position > $1 AND ($2::text IS NULL OR vm_id = $2) ORDER BY position LIMIT $3`,
        [asked.after, asked.vmId ?? null, asked.limit],
      );
      return rows.map(storedOf);
    });
  }
}

function storedOf({ position, record }: OutcomeRow): StoredOutcome {
  return { position, ...record };
}
