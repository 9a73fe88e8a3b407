// The same protection for every table that has a tenant_id.
import type { QueryRunner } from 'typeorm';

/**
 * Forces row-level security: the service role sees the tenant of its transaction, the system role
 * sees all, both may read and write rows. `table` needs a column tenant_id text.
 */
export async function protectTenantTable(runner: QueryRunner, table: string): Promise<void> {
  const mine = `tenant_id = current_setting('slackwater.tenant', true)`;
  await runner.query(`
    ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
    ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant_rows ON ${table} TO slackwater_service USING (${mine}) WITH CHECK (${mine});
    CREATE POLICY all_rows ON ${table} TO slackwater_system USING (true) WITH CHECK (true);
  `);
  await grantTable(runner, table);
}

/** For the few tables without a tenant (leases, schema-wide state). */
export async function grantTable(runner: QueryRunner, table: string): Promise<void> {
  await runner.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO slackwater_service, slackwater_system`,
  );
}
