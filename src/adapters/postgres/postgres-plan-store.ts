// Calendars, hosts, traits, groups, and plans in PostgreSQL.
import {
  PlanStore,
  type NamedRecord,
  type PlanRecordKind,
  type PlanRecords,
} from '../../migration';
import type { Database } from './database';

const BATCH = 5_000; // UNNEST gains nothing beyond (as for VMs)

export class PostgresPlanStore extends PlanStore {
  constructor(private readonly database: Database) {
    super();
  }

  override async put<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    records: readonly NamedRecord<K>[],
  ): Promise<void> {
    // The last of one id wins; ON CONFLICT refuses to touch a row twice in one statement.
    const last = [...new Map(records.map(({ id, record }) => [id, record]))];
    await this.database.withTenant(tenantId, async (client) => {
      for (let first = 0; first < last.length; first += BATCH) {
        const part = last.slice(first, first + BATCH);
        await client.query(
          `INSERT INTO plan_record (tenant_id, kind, id, record)
           SELECT $1, $2, new.id, new.record::json FROM unnest($3::text[], $4::text[]) AS new (id, record)
           ON CONFLICT (tenant_id, kind, id) DO UPDATE SET record = excluded.record`,
          [
            tenantId,
            kind,
            part.map(([id]) => id),
            part.map(([, record]) => JSON.stringify(record)),
          ],
        );
      }
    });
  }

  override find<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    id: string,
  ): Promise<PlanRecords[K] | undefined> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<{ record: PlanRecords[K] }>(
        'SELECT record FROM plan_record WHERE kind = $1 AND id = $2',
        [kind, id],
      );
      return rows[0]?.record;
    });
  }

  override list<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    ids?: readonly string[],
  ): Promise<readonly NamedRecord<K>[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<NamedRecord<K>>(
        `SELECT id, record FROM plan_record
         WHERE kind = $1 AND ($2::text[] IS NULL OR id = ANY($2::text[])) ORDER BY id`,
        [kind, ids ?? null],
      );
      return rows;
    });
  }

  override remove(tenantId: string, kind: PlanRecordKind, id: string): Promise<boolean> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rowCount } = await client.query(
        'DELETE FROM plan_record WHERE kind = $1 AND id = $2',
        [kind, id],
      );
      return rowCount === 1;
    });
  }
}
