// What operators tell about calendars, hosts, VMs, and groups, and the plans made of it.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Plans1764000000006 implements MigrationInterface {
  readonly name = 'Plans1764000000006';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE plan_record (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        kind      text COLLATE "C" NOT NULL,
        id        text COLLATE "C" NOT NULL,
        record    json NOT NULL,
        PRIMARY KEY (tenant_id, kind, id)
      )
    `);
    await protectTenantTable(runner, 'plan_record');
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
