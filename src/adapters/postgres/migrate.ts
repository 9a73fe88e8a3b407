// Brings the schema up to date: as the owner, one process at a time, never backwards.
import 'reflect-metadata';
import { Client } from 'pg';
import { AbstractLogger, DataSource } from 'typeorm';
import { DomainError } from '../../core';
import { MIGRATIONS } from './migrations';
import { SERVICE_ROLE, SYSTEM_ROLE } from './service-connection';
import { translate } from './transaction';

const LOCK_KEY = 7_355_608_221; // Any fixed number: pg_advisory_lock(bigint) of all Slackwater processes.
const HISTORY_TABLE = 'schema_migration';

/**
 * Runs what is missing, each migration in its own transaction; a second process waits for the
 * first. Throws SCHEMA_NEWER when the database was last used by a newer release.
 */
export async function migrate(url: string): Promise<readonly string[]> {
  // The lock has its own connection: it must outlive each migration's transaction.
  const lock = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  lock.on('error', () => undefined); // The next query on it reports the same.
  try {
    await lock.connect();
    await lock.query('SELECT pg_advisory_lock($1)', [LOCK_KEY]);
    const missing = await missingMigrations(lock);
    if (missing.length > 0) await runMissing(url);
    return missing;
  } catch (error) {
    throw translate(forbidden(error) ?? error);
  } finally {
    await lock.end().catch(() => undefined); // The lock goes with the connection.
  }
}

async function missingMigrations(client: Client): Promise<readonly string[]> {
  const known = MIGRATIONS.map((migration) => new migration().name);
  const table = await client.query<{ exists: boolean }>(
    `SELECT to_regclass('public.${HISTORY_TABLE}') IS NOT NULL AS exists`,
  );
  if (table.rows[0]?.exists !== true) return known;
  const done = await client.query<{ name: string }>(`SELECT name FROM ${HISTORY_TABLE}`);
  const names = new Set(done.rows.map((row) => row.name));
  const foreign = [...names].filter((name) => !known.includes(name)).toSorted();
  if (foreign.length > 0) {
    throw new DomainError(
      'SCHEMA_NEWER',
      `the database has the schema change '${foreign.at(-1)}' of a newer release, ` +
        'which this release does not know',
      { unknown: foreign },
    );
  }
  return known.filter((name) => !names.has(name));
}

async function runMissing(url: string): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    url,
    applicationName: 'slackwater-migrate',
    migrations: [...MIGRATIONS],
    migrationsTableName: HISTORY_TABLE,
    logger: new SilentLogger(),
  });
  await source.initialize();
  try {
    await source.runMigrations({ transaction: 'each' });
  } finally {
    await source.destroy();
  }
}

/** What the owner of the database may lack: an administrator does it once. */
function forbidden(error: unknown): DomainError | undefined {
  const { code, message } = error as { readonly code?: unknown; readonly message?: string };
  if (code !== '42501') return undefined;
  return new DomainError(
    'CONFIG_INVALID',
    `the user of DATABASE_URL may not set up the schema (${message}); it must own the database and ` +
      `either have CREATEROLE or be a member of ${SERVICE_ROLE} and ${SYSTEM_ROLE}, made by an ` +
      `administrator: CREATE ROLE ${SERVICE_ROLE}; CREATE ROLE ${SYSTEM_ROLE}; ` +
      `GRANT ${SERVICE_ROLE}, ${SYSTEM_ROLE} TO "USER"`,
    {},
    { cause: error },
  );
}

/** TypeORM prints failed migrations to stdout, which belongs to the command; they are thrown. */
class SilentLogger extends AbstractLogger {
  protected override writeLog(): void {
    // Nothing: see above.
  }
}
