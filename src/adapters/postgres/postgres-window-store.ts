// Windows and decisions in PostgreSQL; publication is one transaction.
import type { PoolClient } from 'pg';
import { DomainError, type EpochMs, type Json } from '../../core';
import {
  WindowStore,
  type DocumentBatch,
  type VmPolicy,
  type WindowDocument,
} from '../../migration';
import { copyDocuments } from './copy-documents';
import type { Database } from './database';

const AUTO: VmPolicy = { state: 'auto' };
const PUBLISH_MS_MAX = 600_000; // many decisions, or documents of failed runs, may have to go
const CLIENT_MARGIN_MS = 5_000; // the server's timeout comes first where the network lives

interface DocumentRow {
  readonly revision: number;
  readonly document_id: string;
  readonly document: string;
}

export class PostgresWindowStore extends WindowStore {
  constructor(private readonly database: Database) {
    super();
  }

  override revisions(tenantId: string, vmIds: readonly string[]): Promise<Int32Array> {
    return this.database.withTenant(tenantId, (client) => newestRevisions(client, vmIds));
  }

  override async policies(
    tenantId: string,
    vmIds: readonly string[],
  ): Promise<readonly VmPolicy[]> {
    const rows = await this.rows<{ vm_id: string; policy: VmPolicy }>(
      tenantId,
      'SELECT vm_id, policy FROM vm_policy WHERE vm_id = ANY($1)',
      [vmIds],
    );
    const known = new Map(rows.map((row) => [row.vm_id, row.policy]));
    return vmIds.map((vmId) => known.get(vmId) ?? AUTO);
  }

  override async setPolicy(tenantId: string, vmId: string, policy: VmPolicy): Promise<void> {
    await this.rows(
      tenantId,
      `INSERT INTO vm_policy (tenant_id, vm_id, policy) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, vm_id) DO UPDATE SET policy = excluded.policy`,
      [tenantId, vmId, JSON.stringify(policy)],
    );
  }

  override async stage(runId: string, shard: number, documents: DocumentBatch): Promise<void> {
    await this.database.withEveryTenant(async (client) => {
      // A worker that comes after the flip finds the run no longer running.
      const { rows } = await client.query<{ tenant_id: string }>(
        `SELECT tenant_id FROM run WHERE run_id = $1 AND status = 'running' FOR SHARE`,
        [runId],
      );
      if (rows.length === 0) return;
      const tenantId = rows[0].tenant_id;
      const first = await client.query(
        `INSERT INTO window_shard (tenant_id, run_id, shard) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING`,
        [tenantId, runId, shard],
      );
      if (first.rowCount === 0) {
        const forget = `DELETE FROM window_document
                        WHERE tenant_id = $1 AND run_id = $2 AND shard = $3`;
        await client.query(forget, [tenantId, runId, shard]);
      }
      await copyDocuments(client, tenantId, runId, shard, documents);
    });
  }

  override async publish(
    tenantId: string,
    runId: string,
    summary: Json,
    nowMs: EpochMs,
  ): Promise<void> {
    await this.database.withTenant(tenantId, async (client) => {
      // Orders the flip and operators' decisions: each sees all of the other or nothing.
      await client.query('SELECT 1 FROM tenant WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
      const flipped = await client.query<{ run_date: string }>(
        `UPDATE run SET status = 'published', summary = $2, ended_ms = $3
         WHERE run_id = $1 AND status = 'running' RETURNING run_date`,
        [runId, JSON.stringify(summary), nowMs],
      );
      if (flipped.rows.length === 0) return;
      await client.query(
        `INSERT INTO published_run (tenant_id, run_date, run_id) VALUES ($1, $2, $3)
         ON CONFLICT (tenant_id, run_date) DO UPDATE SET run_id = excluded.run_id`,
        [tenantId, flipped.rows[0].run_date, runId],
      );
      await client.query(`SET LOCAL statement_timeout = ${PUBLISH_MS_MAX}`);
      const patience = { query_timeout: PUBLISH_MS_MAX + CLIENT_MARGIN_MS };
      const values = [tenantId, runId];
      const overtaken = await client.query<{ vm_id: string }>({
        text: OVERTAKEN,
        values,
        ...patience,
      });
      if (overtaken.rows.length > 0) {
        const forget = `DELETE FROM window_document
                        WHERE tenant_id = $1 AND run_id = $2 AND vm_id = ANY($3)`;
        const vmIds = overtaken.rows.map((row) => row.vm_id);
        await client.query({ text: forget, values: [...values, vmIds], ...patience });
      }
      const failed = await client.query<{ run_id: string }>(FORGET_SHARDS);
      for (const failedId of new Set(failed.rows.map((row) => row.run_id))) {
        const forget = 'DELETE FROM window_document WHERE tenant_id = $1 AND run_id = $2';
        await client.query({ text: forget, values: [tenantId, failedId], ...patience });
      }
      await client.query('DELETE FROM window_shard WHERE run_id = $1', [runId]);
      await client.query('INSERT INTO window_night (tenant_id, run_id) VALUES ($1, $2)', values);
      await client.query(
        `INSERT INTO outbox (tenant_id, run_id, vm_id, revision, document_id)
         VALUES ($1, $2, '', 0, '')`,
        values,
      );
    });
  }

  override async replace(tenantId: string, document: WindowDocument): Promise<void> {
    const { vmId, revision, id, text } = document;
    await this.database.withTenant(tenantId, async (client) => {
      await client.query('SELECT 1 FROM tenant WHERE tenant_id = $1 FOR SHARE', [tenantId]);
      const newest = await newestDocument(client, vmId);
      const newer =
        revision > (newest?.revision ?? 0) && (await upsert(client, tenantId, document));
      if (!newer) {
        throw new DomainError(
          'RUN_CONFLICT',
          `revision ${revision} of VM '${vmId}' is not above the newest`,
          { vmId, revision },
        );
      }
      await client.query(
        `INSERT INTO outbox (tenant_id, vm_id, revision, document_id, document)
         VALUES ($1, $2, $3, $4, $5)`,
        [tenantId, vmId, revision, id, text],
      );
    });
  }

  override document(tenantId: string, vmId: string): Promise<WindowDocument | undefined> {
    return this.database.withTenant(tenantId, (client) => newestDocument(client, vmId));
  }

  override async nightDocuments(
    tenantId: string,
    runId: string,
    vmIds: readonly string[],
  ): Promise<readonly WindowDocument[]> {
    const rows = await this.rows<DocumentRow & { readonly vm_id: string }>(
      tenantId,
      `SELECT d.vm_id, d.revision, d.document_id, d.document
       FROM window_night n JOIN window_document d USING (tenant_id, run_id)
       WHERE n.run_id = $1 AND d.vm_id = ANY($2) ORDER BY d.vm_id`,
      [runId, vmIds],
    );
    return rows.map(({ vm_id: vmId, revision, document_id: id, document: text }) => ({
      vmId,
      revision,
      id,
      text,
    }));
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

/**
 * What an operator decided while the night ran has the revision already: it stays the newest. LATERAL
 * with LIMIT keeps the planner from reading the whole night, whose rows it has never counted.
 */
const OVERTAKEN = `
  SELECT w.vm_id FROM vm_window w CROSS JOIN LATERAL (
    SELECT d.revision FROM window_document d
    WHERE d.tenant_id = $1 AND d.run_id = $2 AND d.vm_id = w.vm_id LIMIT 1) d
  WHERE w.revision >= d.revision`;

/** Documents of runs that will never be published. */
const FORGET_SHARDS = `
  DELETE FROM window_shard s USING run r
  WHERE r.run_id = s.run_id AND r.status = 'failed' RETURNING s.run_id`;

/** An operator's document, or the newest night's that knows the VM. */
async function newestDocument(
  client: PoolClient,
  vmId: string,
): Promise<WindowDocument | undefined> {
  const { rows } = await client.query<DocumentRow>(
    `(SELECT vm_id, revision, document_id, document FROM vm_window WHERE vm_id = $1)
     UNION ALL
     (SELECT d.vm_id, d.revision, d.document_id, d.document
      FROM window_night n CROSS JOIN LATERAL (
        SELECT * FROM window_document d
        WHERE d.tenant_id = n.tenant_id AND d.run_id = n.run_id AND d.vm_id = $1 LIMIT 1) d
      ORDER BY n.night DESC LIMIT 1)
     ORDER BY revision DESC LIMIT 1`,
    [vmId],
  );
  if (rows.length === 0) return undefined;
  const [{ revision, document_id: id, document: text }] = rows;
  return { vmId, revision, id, text };
}

/**
 * In the order given, 0 where none. The usual case, all VMs in the last night with one revision,
 * is one row of answer; else a row each.
 */
async function newestRevisions(client: PoolClient, vmIds: readonly string[]): Promise<Int32Array> {
  const { rows: whole } = await client.query<{ least: number; most: number; n: number }>(
    `SELECT min(d.revision) AS least, max(d.revision) AS most, count(*) AS n
     FROM (SELECT tenant_id, run_id FROM window_night ORDER BY night DESC LIMIT 1) last
     JOIN window_document d USING (tenant_id, run_id)
     WHERE d.vm_id = ANY($1) AND NOT EXISTS (SELECT 1 FROM vm_window)`,
    [vmIds],
  );
  const { least, most, n } = whole[0];
  if (n === vmIds.length && least === most) return new Int32Array(n).fill(least);
  const { rows } = await client.query<{ vm_id: string; revision: number }>(
    `SELECT vm_id, max(revision) AS revision FROM (
       SELECT vm_id, revision FROM vm_window WHERE vm_id = ANY($1)
       UNION ALL
       SELECT d.vm_id, d.revision FROM window_night n
       JOIN window_document d USING (tenant_id, run_id) WHERE d.vm_id = ANY($1)
     ) known GROUP BY vm_id`,
    [vmIds],
  );
  const known = new Map(rows.map((row) => [row.vm_id, row.revision]));
  return Int32Array.from(vmIds, (vmId) => known.get(vmId) ?? 0);
}

async function upsert(
  client: PoolClient,
  tenantId: string,
  document: WindowDocument,
): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO vm_window AS w (tenant_id, vm_id, revision, document_id, document)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (tenant_id, vm_id) DO UPDATE
       SET revision = excluded.revision, document_id = excluded.document_id,
           document = excluded.document
       WHERE excluded.revision > w.revision`,
    [tenantId, document.vmId, document.revision, document.id, document.text],
  );
  return rowCount === 1;
}
