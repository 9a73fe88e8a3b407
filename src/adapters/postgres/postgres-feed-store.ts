// The outbox and the feed in PostgreSQL: positions without holes, given by one relay.
import type { PoolClient } from 'pg';
import { FeedStore, type FeedEntry } from '../../migration';
import type { Database } from './database';

interface EntryRow {
  readonly position: number;
  readonly vm_id: string;
  readonly revision: number;
  readonly document_id: string;
  readonly document: string;
}

/** `run_id`: stands for all documents of that run after `vm_id`. */
interface OutboxHead {
  readonly outbox_id: number;
  readonly run_id: string | null;
  readonly vm_id: string;
}

interface FeedPlace {
  /** The last position that was given. */
  readonly after: number;
  readonly limit: number;
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
      let moved = 0;
      while (moved < limit) {
        const head = await client.query<OutboxHead>(
          'SELECT outbox_id, run_id, vm_id FROM outbox ORDER BY outbox_id LIMIT 1',
        );
        if (head.rows.length === 0) break;
        const place = { after: rows[0].position + moved, limit: limit - moved };
        moved += await move(client, tenantId, head.rows[0], place);
      }
      if (moved > 0) {
        await client.query('UPDATE feed_state SET position = position + $2 WHERE tenant_id = $1', [
          tenantId,
          moved,
        ]);
      }
      return moved;
    });
  }

  override async read(
    tenantId: string,
    after: number,
    limit: number,
  ): Promise<readonly FeedEntry[]> {
    const rows = await this.rows<EntryRow>(
      tenantId,
      `SELECT position, vm_id, f.revision, f.document_id, coalesce(f.document, d.document) AS document
       FROM feed_entry f LEFT JOIN window_document d USING (tenant_id, run_id, vm_id)
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

/** Returns how many got a position; at least the head of the outbox is shorter afterwards. */
function move(
  client: PoolClient,
  tenantId: string,
  head: OutboxHead,
  place: FeedPlace,
): Promise<number> {
  if (head.run_id === null) return moveSingle(client, tenantId, place);
  return moveNight(client, tenantId, head, place);
}

/** Rows with a document of their own, up to the next night. */
async function moveSingle(
  client: PoolClient,
  tenantId: string,
  { after, limit }: FeedPlace,
): Promise<number> {
  const moved = await client.query(
    `WITH taken AS (
       DELETE FROM outbox WHERE outbox_id IN (
         SELECT outbox_id FROM outbox WHERE outbox_id < coalesce(
           (SELECT min(outbox_id) FROM outbox WHERE run_id IS NOT NULL), 9223372036854775807)
         ORDER BY outbox_id LIMIT $3)
       RETURNING *
     )
     INSERT INTO feed_entry (tenant_id, position, vm_id, revision, document_id, document)
     SELECT $1, $2::bigint + row_number() OVER (ORDER BY outbox_id),
            vm_id, revision, document_id, document
     FROM taken`,
    [tenantId, after, limit],
  );
  return moved.rowCount ?? 0;
}

/** Documents of a night in the order of vmId; they stay where they are. */
async function moveNight(
  client: PoolClient,
  tenantId: string,
  head: OutboxHead,
  { after, limit }: FeedPlace,
): Promise<number> {
  const { rows } = await client.query<{ n: number; last: string | null }>(
    `WITH moved AS (
       INSERT INTO feed_entry (tenant_id, position, vm_id, revision, document_id, run_id)
       SELECT $1, $2::bigint + row_number() OVER (ORDER BY vm_id),
              vm_id, revision, document_id, run_id
       FROM (SELECT vm_id, revision, document_id, run_id FROM window_document
             WHERE tenant_id = $1 AND run_id = $4 AND vm_id > $5 ORDER BY vm_id LIMIT $3) next
       RETURNING vm_id
     )
     SELECT count(*) AS n, max(vm_id) AS last FROM moved`,
    [tenantId, after, limit, head.run_id, head.vm_id],
  );
  const [{ n, last }] = rows;
  if (n < limit) {
    await client.query('DELETE FROM outbox WHERE outbox_id = $1', [head.outbox_id]);
  } else {
    await client.query('UPDATE outbox SET vm_id = $2 WHERE outbox_id = $1', [head.outbox_id, last]);
  }
  return n;
}
