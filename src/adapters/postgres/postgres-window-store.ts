// Windows and decisions in PostgreSQL; publication is one transaction.
import type { PoolClient } from 'pg';
import { DomainError, type EpochMs, type Json } from '../../core';
import { WindowStore, type VmPolicy, type WindowDocument } from '../../migration';
import type { Database } from './database';

const AUTO: VmPolicy = { state: 'auto' };
const PUBLISH_MS_MAX = 600_000; // 50 us per VM measured: a million VMs take 50 s
const CLIENT_MARGIN_MS = 5_000; // the server's timeout comes first where the network lives

interface DocumentRow {
  readonly vm_id: string;
  readonly revision: number;
  readonly document_id: string;
  readonly document: string;
}

export class PostgresWindowStore extends WindowStore {
  constructor(private readonly database: Database) {
    super();
  }

  override async revisions(tenantId: string, vmIds: readonly string[]): Promise<Int32Array> {
    const rows = await this.rows<{ vm_id: string; revision: number }>(
      tenantId,
      'SELECT vm_id, revision FROM vm_window WHERE vm_id = ANY($1)',
      [vmIds],
    );
    const known = new Map(rows.map((row) => [row.vm_id, row.revision]));
    return Int32Array.from(vmIds, (vmId) => known.get(vmId) ?? 0);
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

  override async stage(
    runId: string,
    shard: number,
    documents: readonly WindowDocument[],
  ): Promise<void> {
    await this.database.withEveryTenant(async (client) => {
      // A worker that comes after the flip finds the run no longer running.
      const { rows } = await client.query<{ tenant_id: string }>(
        `SELECT tenant_id FROM run WHERE run_id = $1 AND status = 'running' FOR SHARE`,
        [runId],
      );
      if (rows.length === 0) return;
      await client.query('DELETE FROM window_staged WHERE run_id = $1 AND shard = $2', [
        runId,
        shard,
      ]);
      await client.query(
        `INSERT INTO window_staged
           (tenant_id, run_id, shard, at, vm_id, revision, document_id, document)
         SELECT $1, $2, $3, d.at, d.vm_id, d.revision, d.document_id, d.document
         FROM unnest($4::text[], $5::int[], $6::text[], $7::text[]) WITH ORDINALITY
           AS d (vm_id, revision, document_id, document, at)`,
        [rows[0].tenant_id, runId, shard, ...columnsOf(documents)],
      );
    });
  }

  override async publish(
    tenantId: string,
    runId: string,
    summary: Json,
    nowMs: EpochMs,
  ): Promise<void> {
    await this.database.withTenant(tenantId, async (client) => {
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
      // The whole night in one statement: the service's limit is for requests.
      await client.query(`SET LOCAL statement_timeout = ${PUBLISH_MS_MAX}`);
      const patience = { query_timeout: PUBLISH_MS_MAX + CLIENT_MARGIN_MS };
      await client.query({ text: PUBLISH_STAGED, values: [tenantId, runId], ...patience });
      const forget = 'DELETE FROM window_staged WHERE run_id = $1';
      await client.query({ text: forget, values: [runId], ...patience });
    });
  }

  override async replace(tenantId: string, document: WindowDocument): Promise<void> {
    await this.database.withTenant(tenantId, async (client) => {
      const replaced = await upsert(client, tenantId, document);
      if (replaced) {
        await client.query(
          `INSERT INTO outbox (tenant_id, vm_id, revision, document_id, document)
           VALUES ($1, $2, $3, $4, $5)`,
          [tenantId, document.vmId, document.revision, document.id, document.text],
        );
        return;
      }
      const { vmId, revision } = document;
      throw new DomainError(
        'RUN_CONFLICT',
        `revision ${revision} of VM '${vmId}' is not above the newest`,
        { vmId, revision },
      );
    });
  }

  override async document(tenantId: string, vmId: string): Promise<WindowDocument | undefined> {
    const [row] = await this.rows<DocumentRow>(
      tenantId,
      'SELECT vm_id, revision, document_id, document FROM vm_window WHERE vm_id = $1',
      [vmId],
    );
    if (row === undefined) return undefined;
    return { vmId, revision: row.revision, id: row.document_id, text: row.document };
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
 * Newest documents and outbox rows in one statement; lower revisions than known are left out. No
 * join: on a table filled within the minute the planner guesses one row and loops n times n.
 */
const PUBLISH_STAGED = `
  WITH newest AS (
    INSERT INTO vm_window AS w (tenant_id, vm_id, revision, document_id, document)
    SELECT $1, vm_id, revision, document_id, document
    FROM window_staged WHERE run_id = $2 ORDER BY vm_id
    ON CONFLICT (tenant_id, vm_id) DO UPDATE
      SET revision = excluded.revision, document_id = excluded.document_id,
          document = excluded.document
      WHERE excluded.revision > w.revision
    RETURNING w.vm_id, w.revision, w.document_id, w.document
  )
  INSERT INTO outbox (tenant_id, vm_id, revision, document_id, document)
  SELECT $1, vm_id, revision, document_id, document FROM newest ORDER BY vm_id`;

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

function columnsOf(documents: readonly WindowDocument[]): unknown[] {
  return [
    documents.map((document) => document.vmId),
    documents.map((document) => document.revision),
    documents.map((document) => document.id),
    documents.map((document) => document.text),
  ];
}
