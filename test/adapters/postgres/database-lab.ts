// One embedded PostgreSQL per test process, a fresh database per suite, gone when the process is.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../../src/adapters/embedded/embedded-postgres';
import { Database } from '../../../src/adapters/postgres/database';
import type { DatabaseOptions } from '../../../src/adapters/postgres/database';

// Jest gives each test file its own globals, so the server's address is kept in a file.
const home = join(tmpdir(), `slackwater-lab-${process.pid}`);
const note = join(home, 'url');

async function serverUrl(): Promise<string> {
  try {
    const url = readFileSync(note, 'utf8');
    await onServer(url, 'SELECT 1');
    return url;
  } catch {
    return startServer(); // None yet, or the note of a dead process with our number.
  }
}

async function startServer(): Promise<string> {
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true, mode: 0o711 });
  const server = await EmbeddedPostgres.start({ folder: join(home, 'pg'), durable: false });
  removeAfterwards(server.pid);
  writeFileSync(`${note}.new`, server.url, { mode: 0o600 });
  renameSync(`${note}.new`, note);
  return server.url;
}

/** Jest runs no exit handlers of tests: a small shell waits for this process and cleans up. */
function removeAfterwards(serverPid: number): void {
  const script =
    'while kill -0 "$1" 2>/dev/null; do sleep 0.5; done; kill -INT "$2" 2>/dev/null; ' +
    'while kill -0 "$2" 2>/dev/null; do sleep 0.1; done; rm -rf "$3"';
  spawn('/bin/sh', ['-c', script, 'lab', `${process.pid}`, `${serverPid}`, home], {
    detached: true,
    stdio: 'ignore',
  }).unref();
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The owner's URL of a new, empty database. */
export async function freshDatabaseUrl(): Promise<string> {
  const base = await serverUrl();
  const name = `suite_${randomBytes(6).toString('hex')}`;
  await onServer(base, `CREATE DATABASE ${name}`);
  const url = new URL(base);
  url.pathname = `/${name}`;
  return url.toString();
}

export interface DatabaseLab {
  readonly url: string;
  readonly database: Database;
  /** As the owner, past row-level security (the embedded owner is a superuser). */
  readonly asOwner: (sql: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A new database with the newest schema and the tenants `tenants`. Close it in afterAll. */
export async function openDatabaseLab(
  tenants: readonly string[] = ['default'],
  options: Omit<DatabaseOptions, 'url'> = {},
): Promise<DatabaseLab> {
  const url = await freshDatabaseUrl();
  const database = await Database.open({ url, ...options });
  const asOwner = (sql: string): Promise<void> => onServer(url, sql);
  for (const tenant of tenants) {
    await asOwner(`INSERT INTO tenant (tenant_id) VALUES ('${tenant}')`);
  }
  return { url, database, asOwner, close: () => database.close() };
}
