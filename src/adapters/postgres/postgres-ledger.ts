// The ledger in PostgreSQL: plain SQL, every change guarded by the state it expects.
import type { PoolClient } from 'pg';
import { hashId, type EpochMs, type Json } from '../../core';
import {
  Ledger,
  STAGES,
  type Run,
  type RunPlan,
  type RunStatus,
  type ShardLease,
  type ShardRow,
  type Stage,
  type StageProgress,
} from '../../predict';
import type { Database } from './database';

const CHUNK_IDS = 1_000;

interface RunRow {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly run_date: string;
  readonly attempt: number;
  readonly status: RunStatus;
  readonly plan: RunPlan;
  readonly started_ms: number;
  readonly ended_ms: number | null;
  readonly summary: Json;
  readonly failure: string | null;
}

interface ShardSqlRow {
  readonly run_id: string;
  readonly stage: Stage;
  readonly shard: number;
  readonly first_vm: number;
  readonly vm_count: number;
  readonly state: ShardRow['state'];
  readonly attempts: number;
  readonly worker: string | null;
  readonly lease_until_ms: number | null;
  readonly result: Json;
  readonly failure: string | null;
}

export class PostgresLedger extends Ledger {
  constructor(private readonly database: Database) {
    super();
  }

  override openRun(request: {
    readonly tenantId: string;
    readonly runDate: string;
    readonly again: boolean;
    readonly plan: RunPlan;
    readonly vmIds: readonly string[];
    readonly nowMs: EpochMs;
  }): Promise<{ readonly run: Run; readonly joined: boolean }> {
    const { tenantId, runDate, again, plan, vmIds, nowMs } = request;
    return this.database.withTenant(tenantId, async (client) => {
      // The tenant's row orders two starts of the same date: the second one joins the first.
      await client.query('SELECT 1 FROM tenant WHERE tenant_id = $1 FOR UPDATE', [tenantId]);
      const { rows } = await client.query<RunRow>(
        'SELECT * FROM run WHERE tenant_id = $1 AND run_date = $2 ORDER BY attempt',
        [tenantId, runDate],
      );
      const joined =
        rows.find((row) => row.status === 'running') ??
        (again ? undefined : rows.findLast((row) => row.status === 'published'));
      if (joined !== undefined) return { run: runOf(joined), joined: true };
      const attempt = (rows.at(-1)?.attempt ?? 0) + 1;
      const runId = hashId(tenantId, runDate, attempt);
      const inserted = await client.query<RunRow>(
        `INSERT INTO run (tenant_id, run_id, run_date, attempt, status, plan, started_ms)
         VALUES ($1, $2, $3, $4, 'running', $5, $6) RETURNING *`,
        [tenantId, runId, runDate, attempt, JSON.stringify(plan), nowMs],
      );
      for (let first = 0; first < vmIds.length; first += CHUNK_IDS) {
        await client.query(
          'INSERT INTO run_vms (tenant_id, run_id, chunk, vm_ids) VALUES ($1, $2, $3, $4)',
          [tenantId, runId, first / CHUNK_IDS, vmIds.slice(first, first + CHUNK_IDS)],
        );
      }
      return { run: runOf(inserted.rows[0]), joined: false };
    });
  }

  override async run(runId: string): Promise<Run | undefined> {
    const [row] = await this.all<RunRow>('SELECT * FROM run WHERE run_id = $1', [runId]);
    return row === undefined ? undefined : runOf(row);
  }

  override async runs(tenantId: string, limit: number): Promise<readonly Run[]> {
    const rows = await this.all<RunRow>(
      `SELECT * FROM run WHERE tenant_id = $1 ORDER BY run_date DESC, attempt DESC LIMIT $2`,
      [tenantId, limit],
    );
    return rows.map(runOf);
  }

  override async running(): Promise<readonly Run[]> {
    const rows = await this.all<RunRow>(
      `SELECT * FROM run WHERE status = 'running' ORDER BY tenant_id, run_date`,
      [],
    );
    return rows.map(runOf);
  }

  override async published(tenantId: string): Promise<Run | undefined> {
    const [row] = await this.all<RunRow>(
      `SELECT run.* FROM published_run p JOIN run USING (run_id)
       WHERE p.tenant_id = $1 ORDER BY p.run_date DESC LIMIT 1`,
      [tenantId],
    );
    return row === undefined ? undefined : runOf(row);
  }

  override async vmIds(runId: string, first: number, count: number): Promise<readonly string[]> {
    const firstChunk = Math.floor(first / CHUNK_IDS);
    const lastChunk = Math.floor((first + Math.max(1, count) - 1) / CHUNK_IDS);
    const rows = await this.all<{ vm_ids: string[] }>(
      'SELECT vm_ids FROM run_vms WHERE run_id = $1 AND chunk BETWEEN $2 AND $3 ORDER BY chunk',
      [runId, firstChunk, lastChunk],
    );
    const from = first - firstChunk * CHUNK_IDS;
    return rows.flatMap((row) => row.vm_ids).slice(from, from + count);
  }

  override async planStage(
    runId: string,
    stage: Stage,
    ranges: readonly { readonly firstVm: number; readonly vmCount: number }[],
  ): Promise<void> {
    // Only where the stage has no shard yet; the run's row orders two schedulers.
    await this.all(
      `WITH one AS (SELECT tenant_id FROM run WHERE run_id = $1 FOR UPDATE)
       INSERT INTO shard (tenant_id, run_id, stage, shard, first_vm, vm_count)
       SELECT one.tenant_id, $1, $2, r.at - 1, r.first_vm, r.vm_count
       FROM one, unnest($3::int[], $4::int[]) WITH ORDINALITY AS r (first_vm, vm_count, at)
       WHERE NOT EXISTS (SELECT 1 FROM shard WHERE run_id = $1 AND stage = $2)
       ON CONFLICT DO NOTHING`,
      [runId, stage, ranges.map((one) => one.firstVm), ranges.map((one) => one.vmCount)],
    );
  }

  override async shards(runId: string, stage: Stage): Promise<readonly ShardRow[]> {
    const rows = await this.all<ShardSqlRow>(
      'SELECT * FROM shard WHERE run_id = $1 AND stage = $2 ORDER BY shard',
      [runId, stage],
    );
    return rows.map(shardOf);
  }

  override async lease(
    runId: string,
    stage: Stage,
    shard: number,
    worker: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<ShardLease | undefined> {
    const [row] = await this.all<ShardSqlRow>(
      `UPDATE shard SET state = 'leased', attempts = attempts + 1, worker = $4, lease_until_ms = $6
       WHERE run_id = $1 AND stage = $2 AND shard = $3
         AND (state = 'open' OR (state = 'leased' AND lease_until_ms <= $5))
       RETURNING *`,
      [runId, stage, shard, worker, nowMs, nowMs + leaseMs],
    );
    if (row === undefined) return undefined;
    const { first_vm: firstVm, vm_count: vmCount, attempts } = row;
    return { runId, stage, shard, firstVm, vmCount, attempts, worker };
  }

  override renew(lease: ShardLease, nowMs: EpochMs, leaseMs: number): Promise<boolean> {
    return this.change(lease, 'lease_until_ms = $5', nowMs + leaseMs);
  }

  override complete(lease: ShardLease, result: Json): Promise<boolean> {
    const set = `state = 'done', lease_until_ms = NULL, result = $5`;
    return this.change(lease, set, JSON.stringify(result));
  }

  override async release(lease: ShardLease, reason: string, maxAttempts: number): Promise<void> {
    const state = lease.attempts < maxAttempts ? 'open' : 'failed';
    await this.change(lease, `state = '${state}', lease_until_ms = NULL, failure = $5`, reason);
  }

  override async progress(runId: string): Promise<readonly StageProgress[]> {
    const rows = await this.all<StageProgress>(
      `SELECT stage, count(*) AS shards,
              count(*) FILTER (WHERE state = 'done') AS done,
              count(*) FILTER (WHERE state = 'failed') AS failed,
              count(*) FILTER (WHERE state = 'leased') AS leased
       FROM shard WHERE run_id = $1 GROUP BY stage`,
      [runId],
    );
    return STAGES.flatMap((stage) => rows.find((row) => row.stage === stage) ?? []);
  }

  override async failRun(runId: string, failure: string, nowMs: EpochMs): Promise<void> {
    await this.all(
      `UPDATE run SET status = 'failed', failure = $2, ended_ms = $3
       WHERE run_id = $1 AND status = 'running'`,
      [runId, failure, nowMs],
    );
  }

  /** Changes the shard while the lease holds; `set` may use $5. false when it was lost. */
  private async change(lease: ShardLease, set: string, value: unknown): Promise<boolean> {
    const { runId, stage, shard, attempts } = lease;
    const rows = await this.all(
      `UPDATE shard SET ${set}
       WHERE run_id = $1 AND stage = $2 AND shard = $3 AND attempts = $4 AND state = 'leased'
       RETURNING shard`,
      [runId, stage, shard, attempts, value],
    );
    return rows.length === 1;
  }

  /** A run's id names its tenant: these statements need no tenant of their own. */
  private all<T extends object>(sql: string, values: readonly unknown[]): Promise<T[]> {
    return this.database.withEveryTenant(async (client: PoolClient) => {
      const { rows } = await client.query<T>(sql, [...values]);
      return rows;
    });
  }
}

function runOf(row: RunRow): Run {
  return {
    runId: row.run_id,
    tenantId: row.tenant_id,
    runDate: row.run_date,
    attempt: row.attempt,
    status: row.status,
    plan: row.plan,
    startedMs: row.started_ms,
    ...(row.ended_ms !== null && { endedMs: row.ended_ms }),
    ...(row.summary !== null && { summary: row.summary }),
    ...(row.failure !== null && { failure: row.failure }),
  };
}

function shardOf(row: ShardSqlRow): ShardRow {
  return {
    runId: row.run_id,
    stage: row.stage,
    shard: row.shard,
    firstVm: row.first_vm,
    vmCount: row.vm_count,
    state: row.state,
    attempts: row.attempts,
    ...(row.worker !== null && { worker: row.worker }),
    ...(row.lease_until_ms !== null && { leaseUntilMs: row.lease_until_ms }),
    ...(row.result !== null && { result: row.result }),
    ...(row.failure !== null && { failure: row.failure }),
  };
}
