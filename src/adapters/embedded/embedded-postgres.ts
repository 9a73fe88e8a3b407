// A real PostgreSQL 18 of our own: made at the first start, stopped with the process that owns it.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { DomainError } from '../../core';
import { findPostgres, launchOf } from './postgres-binaries';
import type { Launch } from './postgres-binaries';
import { commandLine, failureFrom, failureOf, giveToServer, initialise } from './postgres-files';
import { isDatabase, OWNER, stopOrphan } from './postgres-files';

const DATABASE = 'slackwater';
const READY_WITHIN_MS = 60_000; // Recovery after a kill replays at most max_wal_size (1 GB).
const SMART_STOP_MS = 3_000; // SIGTERM waits for clients; ours are closed by then.
const TRIES = 8;
const PAUSE_MS = 100; // Times the attempt: processes of a killed server end within a second.

export interface EmbeddedPostgresOptions {
  /** Folder of its own; made when absent. As root it belongs to nobody afterwards. */
  readonly folder: string;
  /** false only for tests: a crash of the machine may lose the data. */
  readonly durable?: boolean;
}

/** One running server on 127.0.0.1, a free port, and a random password in a 0600 file. */
export class EmbeddedPostgres {
  private stopping = false;

  private constructor(
    /** Of the owner: migrations, and the base of the service's connections. */
    readonly url: string,
    readonly pid: number,
    private readonly child: ChildProcess,
  ) {}

  /** Calls `listener` once when the server ends without having been asked to: the service is lost. */
  onLost(listener: (reason: string) => void): void {
    this.child.once('exit', (code, signal) => {
      if (!this.stopping) listener(`the embedded PostgreSQL ended (${signal ?? `code ${code}`})`);
    });
  }

  /**
   * Makes the database when the folder has none, stops a server that an earlier process left
   * behind, and resolves when queries are answered. Throws DISK_FULL, STORE_UNAVAILABLE, TWIN_UNFIT.
   */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const folder = resolve(options.folder);
    const native = findPostgres();
    // Folders above that are made now must let nobody pass; the last one is closed again below.
    mkdirSync(folder, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    const data = join(folder, 'data');
    const paths = [join(native, 'bin', 'postgres'), folder]; // The folder itself is the server's.
    giveToServer(folder, 0o700);
    await stopOrphan(data);
    if (!isDatabase(data)) {
      initialise(native, folder, data, launchOf(paths, false));
    }
    const password = readFileSync(join(folder, 'password'), 'utf8').trim();
    const launch = launchOf(paths, true);
    for (let attempt = 1; ; attempt += 1) {
      const port = await freePort();
      const started = await tryStart({ native, folder, data, launch, port, password, options });
      if (started !== undefined) {
        return new EmbeddedPostgres(started.url, started.child.pid ?? 0, started.child);
      }
      if (attempt === TRIES) throw failureOf(folder, 'did not start; see postgres.log there');
      await sleep(PAUSE_MS * attempt);
    }
  }

  /** Close the pools first. SIGTERM, after three seconds SIGINT. Stopping twice is no error. */
  async stop(): Promise<void> {
    this.stopping = true;
    if (hasEnded(this.child)) return;
    const ended = new Promise<void>((done) => this.child.once('exit', () => done()));
    this.child.ref();
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGINT'), SMART_STOP_MS);
    await ended;
    clearTimeout(timer);
  }
}

interface Start {
  readonly native: string;
  readonly folder: string;
  readonly data: string;
  readonly launch: Launch;
  readonly port: number;
  readonly password: string;
  readonly options: EmbeddedPostgresOptions;
}

/** undefined when the port was taken meanwhile, or a killed server's processes still end. */
async function tryStart(
  start: Start,
): Promise<{ readonly url: string; readonly child: ChildProcess } | undefined> {
  const logPath = join(start.folder, 'postgres.log');
  if (existsSync(logPath)) renameSync(logPath, `${logPath}.1`); // What the life before said.
  const log = openSync(logPath, 'w', 0o600);
  const settings = settingsOf(start.port, start.options.durable ?? true);
  const [command, argv] = commandLine(start.launch, join(start.native, 'bin', 'postgres'), [
    '-D',
    start.data,
    ...settings.flatMap((setting) => ['-c', setting]),
  ]);
  const child = spawn(command, argv, {
    cwd: start.folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    uid: start.launch.uid,
    gid: start.launch.gid,
    stdio: ['ignore', log, log],
    // Its own group: Ctrl-C at the terminal must reach the service, which then stops it in order.
    detached: true,
  });
  closeSync(log);
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  child.unref();
  const base = `postgresql://${OWNER}:${start.password}@127.0.0.1:${start.port}`;
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    if (failure !== undefined) throw failureFrom(start.folder, failure.message);
    if (hasEnded(child)) {
      const text = readFileSync(logPath, 'utf8');
      if (/could not bind|Address already in use|pre-existing shared memory/.test(text)) {
        return undefined;
      }
      throw failureFrom(start.folder, text);
    }
    if (await answers(base)) return { url: `${base}/${DATABASE}`, child };
    await sleep(25);
  }
  child.kill('SIGINT');
  throw failureFrom(start.folder, `not ready after ${READY_WITHIN_MS / 1000} s`);
}

function settingsOf(port: number, durable: boolean): readonly string[] {
  const safe = durable ? 'on' : 'off';
  return [
    `port=${port}`,
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'shared_buffers=128MB',
    'max_connections=60',
    'timezone=UTC',
    'log_timezone=UTC',
    'max_wal_size=1GB',
    // One process tree on a small machine: fewer background workers.
    'max_parallel_workers_per_gather=0',
    'max_logical_replication_workers=0',
    'log_checkpoints=off', // The log is for trouble; it is cut at each start only.
    `fsync=${safe}`,
    `full_page_writes=${safe}`,
    `synchronous_commit=${safe}`,
  ];
}

/** Whether the server takes queries; makes the database at the first start. */
async function answers(base: string): Promise<boolean> {
  const client = new Client({
    connectionString: `${base}/postgres`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
  });
  client.on('error', () => undefined); // The caller looks at the process itself.
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE}`);
    return true;
  } catch (error) {
    const code = (error as { code?: string }).code;
    // 57P03: starting up or recovering; 57P01 to 57P02: going down, seen as exit by the caller.
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code?.startsWith('57P') === true) {
      return false;
    }
    throw new DomainError(
      code === '53100' ? 'DISK_FULL' : 'STORE_UNAVAILABLE',
      `the embedded PostgreSQL answers: ${(error as Error).message}`,
      {},
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined); // It may never have connected.
  }
}

async function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => done(port));
    });
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
