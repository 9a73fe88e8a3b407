import { MIGRATIONS } from '../../../src/adapters/postgres/migrations';
import { freshDatabaseUrl, openDatabaseLab } from './database-lab';
import type { DatabaseLab } from './database-lab';
import { Database } from '../../../src/adapters/postgres/database';
import { migrate } from '../../../src/adapters/postgres/migrate';

let lab: DatabaseLab;
beforeAll(async () => {
  lab = await openDatabaseLab(['red', 'blue']);
});
afterAll(async () => lab?.close());

/** Opens for everybody when the last of `count` has come. */
class Gate {
  private open!: () => void;
  private readonly opened = new Promise<void>((done) => (this.open = done));

  constructor(private count: number) {}

  pass(): Promise<void> {
    this.count -= 1;
    if (this.count <= 0) this.open();
    return this.opened;
  }
}

async function ask(sql: string): Promise<unknown> {
  const { rows } = await lab.database.withTenant('red', (client) => client.query(sql));
  return rows[0];
}

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

describe('the connections of the service', () => {
  it('are never the owner: neither by the URL nor by a reset', async () => {
    const url = `${lab.url}?options=${encodeURIComponent('-c role=none')}`;
    const database = Database.connect({ url });
    const { rows } = await database.withTenant('red', async (client) => {
      await client.query('RESET ROLE');
      return client.query(
        `SELECT current_user AS name, rolsuper, rolbypassrls FROM pg_roles
         WHERE rolname = current_user`,
      );
    });
    expect(rows).toEqual([{ name: 'slackwater_service', rolsuper: false, rolbypassrls: false }]);
    const escape = database.withTenant('red', (client) => client.query('DROP TABLE vm'));
    await expect(escape).rejects.toThrow(/must be owner/);
    await database.close();
  });

  it('forget the tenant with the transaction', async () => {
    const database = Database.connect({ url: lab.url, poolSize: 1 });
    await database.withTenant('red', (client) => client.query('SELECT 1'));
    const { rows } = await database.withEveryTenant((client) =>
      client.query(`SELECT current_setting('slackwater.tenant', true) AS tenant`),
    );
    expect(rows[0].tenant ?? '').toBe('');
    await database.close();
  });

  it('run a transaction again after a deadlock, and nothing of the first try stays', async () => {
    await lab.asOwner(`CREATE TABLE spot (tenant_id text, n int, hits int);
      GRANT ALL ON spot TO slackwater_service;
      INSERT INTO spot VALUES ('red', 1, 0), ('red', 2, 0)`);
    const bothHold = new Gate(2);
    const touch = (first: number, second: number): Promise<void> =>
      lab.database.withTenant('red', async (client) => {
        await client.query('UPDATE spot SET hits = hits + 1 WHERE n = $1', [first]);
        await bothHold.pass();
        await client.query('UPDATE spot SET hits = hits + 1 WHERE n = $1', [second]);
      });
    await Promise.all([touch(1, 2), touch(2, 1)]);
    const { rows } = await lab.database.withTenant('red', (client) =>
      client.query('SELECT n, hits FROM spot ORDER BY n'),
    );
    expect(rows).toEqual([
      { n: 1, hits: 2 },
      { n: 2, hits: 2 },
    ]);
  });

  it('report a connection that breaks in a transaction as unavailable, and go on', async () => {
    const database = Database.connect({ url: lab.url, poolSize: 1 });
    const broken = database.withTenant('red', async (client) => {
      const { rows } = await client.query('SELECT pg_backend_pid() AS pid');
      await lab.asOwner(`SELECT pg_terminate_backend(${rows[0].pid})`);
      await new Promise((done) => setTimeout(done, 20));
      return client.query('SELECT 1');
    });
    await expect(broken).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true });
    const { rows } = await database.withTenant('red', (client) => client.query('SELECT 1 AS one'));
    expect(rows).toEqual([{ one: 1 }]);
    await database.close();
  });

  it('report a server that is not there as unavailable', async () => {
    const gone = Database.open({ url: 'postgresql://a:b@127.0.0.1:1/none' });
    await expect(gone).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(Database.open({ url: 'mysql://a' })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
  });

  it('read counts as numbers and refuse one that a number cannot hold', async () => {
    expect(await ask('SELECT 9007199254740991::bigint AS n, 1.5::numeric AS m')).toEqual({
      n: 9_007_199_254_740_991,
      m: 1.5,
    });
    await expect(ask('SELECT 9007199254740993::bigint AS n')).rejects.toThrow(/beyond 2\^53/);
  });
});

describe('migrations', () => {
  it('run once when two processes start at the same time', async () => {
    const url = await freshDatabaseUrl();
    const done = await Promise.all([migrate(url), migrate(url)]);
    expect(done.map((names) => names.length).toSorted((a, b) => a - b)).toEqual([
      0,
      MIGRATIONS.length,
    ]);
  });

  it('work for an owner that is no superuser, under the same row-level security', async () => {
    const url = new URL(await freshDatabaseUrl());
    await lab.asOwner(`CREATE ROLE plain LOGIN CREATEROLE PASSWORD 'plain';
      GRANT slackwater_service, slackwater_system TO plain;
      ALTER DATABASE ${url.pathname.slice(1)} OWNER TO plain`);
    url.username = 'plain';
    url.password = 'plain';
    const database = await Database.open({ url: url.toString() });
    await database.withEveryTenant((client) =>
      client.query(`INSERT INTO tenant (tenant_id) VALUES ('red'), ('blue')`),
    );
    await database.withTenant('red', (client) =>
      client.query(`INSERT INTO vm (tenant_id, vm_index, vm_id) VALUES ('red', 0, 'vm-1')`),
    );
    const seen = await database.withTenant('blue', (client) => client.query('SELECT * FROM vm'));
    expect(seen.rows).toEqual([]);
    await database.withTenant('red', (client) => client.query('DELETE FROM tenant'));
    const left = await database.withEveryTenant((client) =>
      client.query('SELECT tenant_id, (SELECT count(*) FROM vm) AS vms FROM tenant'),
    );
    expect(left.rows).toEqual([{ tenant_id: 'blue', vms: 0 }]);
    await database.close();
  });

  it('protect every table that has a tenant', async () => {
    const { rows } = await lab.database.withEveryTenant((client) =>
      client.query(`SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' AND c.relname <> 'spot'
        AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        AND NOT (c.relispartition AND NOT has_table_privilege(
          'slackwater_service', c.oid, 'SELECT, INSERT, UPDATE, DELETE'))`),
    );
    expect(rows).toEqual([]);
  });

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
