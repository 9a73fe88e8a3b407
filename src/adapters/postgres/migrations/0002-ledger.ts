// The ledger: runs, their VM lists, shards, and the pointer to the published attempt.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Ledger1764000000002 implements MigrationInterface {
  readonly name = 'Ledger1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE run (
        tenant_id  text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_id     text PRIMARY KEY,
        run_date   text NOT NULL,
        attempt    integer NOT NULL,
        status     text NOT NULL CHECK (status IN ('running', 'published', 'failed')),
        plan       json NOT NULL,
        started_ms bigint NOT NULL,
        ended_ms   bigint,
        summary    json,
        failure    text,
        UNIQUE (tenant_id, run_date, attempt)
      );
      CREATE UNIQUE INDEX run_running ON run (tenant_id, run_date) WHERE status = 'running';
      -- Chunks of 1,000 ids: a row per VM and run would be a million rows a night.
      CREATE TABLE run_vms (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_id    text NOT NULL REFERENCES run ON DELETE CASCADE,
        chunk     integer NOT NULL,
        vm_ids    text[] NOT NULL,
        PRIMARY KEY (run_id, chunk)
      );
      CREATE TABLE shard (
        tenant_id      text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_id         text NOT NULL REFERENCES run ON DELETE CASCADE,
        stage          text NOT NULL,
        shard          integer NOT NULL,
        first_vm       integer NOT NULL,
        vm_count       integer NOT NULL,
        state          text NOT NULL DEFAULT 'open',
        attempts       integer NOT NULL DEFAULT 0,
        worker         text,
        lease_until_ms bigint,
        result         json,
        failure        text,
        PRIMARY KEY (run_id, stage, shard)
      );
      CREATE TABLE published_run (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_date  text NOT NULL,
        run_id    text NOT NULL REFERENCES run,
        PRIMARY KEY (tenant_id, run_date)
      );
    `);
    for (const table of ['run', 'run_vms', 'shard', 'published_run']) {
      await protectTenantTable(runner, table);
    }
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
