// Windows, operators' decisions, the outbox, and the feed.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Windows1764000000003 implements MigrationInterface {
  readonly name = 'Windows1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    // Documents are text: jsonb would reorder their bytes.
    await runner.query(`
      CREATE TABLE window_staged (
        tenant_id   text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_id      text NOT NULL REFERENCES run ON DELETE CASCADE,
        shard       integer NOT NULL,
        at          integer NOT NULL,
        vm_id       text COLLATE "C" NOT NULL,
        revision    integer NOT NULL,
        document_id text NOT NULL,
        document    text NOT NULL,
        PRIMARY KEY (run_id, shard, at)
      );
      CREATE TABLE vm_window (
        tenant_id   text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        vm_id       text COLLATE "C" NOT NULL,
        revision    integer NOT NULL,
        document_id text NOT NULL,
        document    text NOT NULL,
        PRIMARY KEY (tenant_id, vm_id)
      );
      CREATE TABLE vm_policy (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        vm_id     text COLLATE "C" NOT NULL,
        policy    json NOT NULL,
        PRIMARY KEY (tenant_id, vm_id)
      );
      CREATE TABLE outbox (
        tenant_id   text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        outbox_id   bigint GENERATED ALWAYS AS IDENTITY,
        vm_id       text COLLATE "C" NOT NULL,
        revision    integer NOT NULL,
        document_id text NOT NULL,
        document    text NOT NULL,
        PRIMARY KEY (tenant_id, outbox_id)
      );
      CREATE TABLE feed_entry (
        tenant_id   text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        position    bigint NOT NULL,
        vm_id       text COLLATE "C" NOT NULL,
        revision    integer NOT NULL,
        document_id text NOT NULL,
        document    text NOT NULL,
        PRIMARY KEY (tenant_id, position)
      );
      CREATE TABLE feed_state (
        tenant_id text PRIMARY KEY REFERENCES tenant ON DELETE CASCADE,
        position  bigint NOT NULL DEFAULT 0,
        stopped   boolean NOT NULL DEFAULT false
      );
      CREATE TABLE feed_sink (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        sink      text NOT NULL,
        position  bigint NOT NULL,
        PRIMARY KEY (tenant_id, sink)
      );
    `);
    const tables = ['window_staged', 'vm_window', 'vm_policy', 'outbox', 'feed_entry'];
    for (const table of [...tables, 'feed_state', 'feed_sink']) {
      await protectTenantTable(runner, table);
    }
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
