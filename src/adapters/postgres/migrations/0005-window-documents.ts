// A night's documents are written once: published by a pointer, read by the feed where they lie.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class WindowDocuments1764000000005 implements MigrationInterface {
  readonly name = 'WindowDocuments1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- COPY refuses a table under row-level security. So the rows lie in a partition without it, which
      -- only the system role may touch; the service role sees them through the protected parent.
      -- No foreign key: its check of each row costs as much as the row.
      CREATE TABLE window_document (
        tenant_id   text NOT NULL,
        run_id      text NOT NULL,
        shard       integer NOT NULL,
        vm_id       text COLLATE "C" NOT NULL,
        revision    integer NOT NULL,
        document_id text NOT NULL,
        document    text NOT NULL,
        PRIMARY KEY (tenant_id, run_id, vm_id) INCLUDE (revision)
      ) PARTITION BY LIST (tenant_id);
      -- Documents have 3 kB: kept in line, uncompressed (pglz costs 20 us each).
      CREATE TABLE window_document_rows PARTITION OF window_document DEFAULT
        WITH (toast_tuple_target = 8160);
      ALTER TABLE window_document_rows ALTER document SET STORAGE EXTERNAL;
      GRANT SELECT, INSERT, DELETE ON window_document_rows TO slackwater_system;
      -- Shards whose documents are not published yet.
      CREATE TABLE window_shard (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        run_id    text NOT NULL REFERENCES run ON DELETE CASCADE,
        shard     integer NOT NULL,
        PRIMARY KEY (run_id, shard)
      );
      -- Published runs in the order of their flips.
      CREATE TABLE window_night (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        night     bigint GENERATED ALWAYS AS IDENTITY,
        run_id    text NOT NULL REFERENCES run ON DELETE CASCADE,
        PRIMARY KEY (tenant_id, night)
      );
      INSERT INTO window_shard SELECT DISTINCT tenant_id, run_id, shard FROM window_staged;
      INSERT INTO window_document
        SELECT DISTINCT ON (run_id, vm_id) tenant_id, run_id, shard, vm_id, revision, document_id, document
        FROM window_staged ORDER BY run_id, vm_id, revision DESC;
      DROP TABLE window_staged;
      -- A row with run_id stands for all documents of that run after vm_id.
      ALTER TABLE outbox ADD run_id text, ALTER document DROP NOT NULL;
      -- A row with run_id has its document there.
      ALTER TABLE feed_entry ADD run_id text, ALTER document DROP NOT NULL;
    `);
    for (const table of ['window_document', 'window_shard', 'window_night']) {
      await protectTenantTable(runner, table);
    }
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
