// The outbox and the feed in PostgreSQL: positions without holes, given by one relay.
import { FeedStore, type FeedEntry } from '../../migration';
import type { Database } from './database';

interface EntryRow {
  readonly position: number;
  readonly vm_id: string;
  readonly revision: number;
  readonly document_id: string;
  readonly document: string;
}

export class PostgresFeedStore extends FeedStore {
  constructor(private readonly database: Database) {
    super();
  }

  override advance(tenantId: string, limit: number): Promise<number> {
    return this.database.withTenant(tenantId, async (client) => {
      await client.query('INSERT INTO feed_state (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING', [
        tenantId,
      ]);
      const { rows } = await client.query<{ position: number; stopped: boolean }>(
        'SELECT position, stopped FROM feed_state WHERE tenant_id = $1 FOR UPDATE',
        [tenantId],
      );
      if (rows[0].stopped) return 0;
      const moved = await client.query(
        `WITH taken AS (
           DELETE FROM outbox WHERE outbox_id IN
             (SELECT outbox_id FROM outbox ORDER BY outbox_id LIMIT $3)
           RETURNING *
         )
         INSERT INTO feed_entry (tenant_id, position, vm_id, revision, document_id, document)
         SELECT $1, $2::bigint + row_number() OVER (ORDER BY outbox_id),
                vm_id, revision, document_id, document
         FROM taken`,
        [tenantId, rows[0].position, limit],
      );
      const count = moved.rowCount ?? 0;
      if (count > 0) {
        await client.query('UPDATE feed_state SET position = position + $2 WHERE tenant_id = $1', [
          tenantId,
          count,
        ]);
      }
      return count;
    });
  }

  override async read(
    tenantId: string,
    after: number,
    limit: number,
  ): Promise<readonly FeedEntry[]> {
    const rows = await this.rows<EntryRow>(
      tenantId,
      `SELECT position, vm_id, revision, document_id, document FROM feed_entry
       WHERE position > $1 ORDER BY position LIMIT $2`,
      [Math.max(0, after), limit],
    );
    return rows.map((row) => ({
      position: row.position,
      id: row.document_id,
      vmId: row.vm_id,
      revision: row.revision,
      text: row.document,
    }));
  }

  override async delivered(tenantId: string, sink: string): Promise<number> {
    const [row] = await this.rows<{ position: number }>(
      tenantId,
      'SELECT position FROM feed_sink WHERE sink = $1',
      [sink],
    );
    return row?.position ?? 0;
  }

  override async markDelivered(tenantId: string, sink: string, position: number): Promise<void> {
    await this.rows(
      tenantId,
      `INSERT INTO feed_sink AS s (tenant_id, sink, position) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, sink) DO UPDATE SET position = greatest(s.position, excluded.position)`,
      [tenantId, sink, position],
    );
  }

  override async setStopped(tenantId: string, stopped: boolean): Promise<void> {
    await this.rows(
      tenantId,
      `INSERT INTO feed_state (tenant_id, stopped) VALUES ($1, $2)
       ON CONFLICT (tenant_id) DO UPDATE SET stopped = excluded.stopped`,
      [tenantId, stopped],
    );
  }

  override async stopped(tenantId: string): Promise<boolean> {
    const [row] = await this.rows<{ stopped: boolean }>(
      tenantId,
      'SELECT stopped FROM feed_state',
      [],
    );
    return row?.stopped ?? false;
  }

  private rows<T extends object>(
    tenantId: string,
    sql: string,
    values: readonly unknown[],
  ): Promise<T[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const result = await client.query<T>(sql, [...values]);
      return result.rows;
    });
  }
}
