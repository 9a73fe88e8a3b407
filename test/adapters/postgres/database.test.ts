import { openDatabaseLab } from './database-lab';
import type { DatabaseLab } from './database-lab';
import { migrate } from '../../../src/adapters/postgres/migrate';

let lab: DatabaseLab;
beforeAll(async () => {
  lab = await openDatabaseLab(['red', 'blue']);
});
afterAll(async () => lab?.close());

describe('the tenancy of the database', () => {
  it('shows a query without a WHERE its own tenant only', async () => {
    for (const tenant of ['red', 'blue']) {
      await lab.database.withTenant(tenant, async (client) => {
        await client.query(`INSERT INTO vm (tenant_id, vm_index, vm_id) VALUES ($1, 0, $2)`, [
          tenant,
          `vm-of-${tenant}`,
        ]);
      });
    }
    const seen = await lab.database.withTenant('red', (client) =>
      client.query('SELECT vm_id FROM vm'),
    );
    expect(seen.rows).toEqual([{ vm_id: 'vm-of-red' }]);
    const all = await lab.database.withEveryTenant((client) =>
      client.query('SELECT vm_id FROM vm ORDER BY vm_id'),
    );
    expect(all.rows).toHaveLength(2);
  });

  it('refuses a row of another tenant', async () => {
    const write = lab.database.withTenant('red', (client) =>
      client.query(`INSERT INTO vm (tenant_id, vm_index, vm_id) VALUES ('blue', 7, 'x')`),
    );
    await expect(write).rejects.toThrow(/row-level security/);
  });
});

describe('migrations', () => {
  it('do nothing the second time', async () => {
    expect(await migrate(lab.url)).toEqual([]);
  });

  it('refuse a schema of a newer release in one sentence', async () => {
    await lab.asOwner(
      `INSERT INTO schema_migration (timestamp, name) VALUES (9999999999999, 'Future9999999999999')`,
    );
    await expect(migrate(lab.url)).rejects.toMatchObject({ code: 'SCHEMA_NEWER' });
  });
});
