// Claims of windows, and what became of their migrations.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Outcomes1764000000008 implements MigrationInterface {
  readonly name = 'Outcomes1764000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE window_claim (
        tenant_id      text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        vm_id          text COLLATE "C" NOT NULL,
        token          bigint NOT NULL,
        state          text NOT NULL,
        lease_until_ms bigint NOT NULL,
        claim          json NOT NULL,
        PRIMARY KEY (tenant_id, vm_id, token)
      );
      CREATE TABLE outcome (
        tenant_id  text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        outcome_id text COLLATE "C" NOT NULL,
        position   bigint GENERATED ALWAYS AS IDENTITY,
        vm_id      text COLLATE "C" NOT NULL,
        record     json NOT NULL,
        PRIMARY KEY (tenant_id, outcome_id)
      );
      CREATE INDEX outcome_position ON outcome (tenant_id, position);
      CREATE INDEX outcome_vm ON outcome (tenant_id, vm_id, position);
    `);
    for (const table of ['window_claim', 'outcome']) await protectTenantTable(runner, table);
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
