// Bearer tokens: hashes only.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Tokens1764000000004 implements MigrationInterface {
  readonly name = 'Tokens1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE token (
        tenant_id  text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        hash       text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
        label      text NOT NULL,
        scopes     text[] NOT NULL,
        created_ms bigint NOT NULL,
        revoked_ms bigint
      )
    `);
    await protectTenantTable(runner, 'token');
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
