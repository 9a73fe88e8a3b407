import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../../src/adapters/embedded/embedded-postgres';

jest.setTimeout(120_000);

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'slackwater-pg-'));
  chmodSync(home, 0o711);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function ask<T>(url: string, sql: string): Promise<readonly T[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows as T[];
  } finally {
    await client.end();
  }
}

/** A zombie has no command line: somebody else's parent may never collect it. */
function isRunning(pid: number): boolean {
  const path = `/proc/${pid}/cmdline`;
  return existsSync(path) && readFileSync(path, 'utf8') !== '';
}

/** A process of its own that starts the server, prints its pid and URL, and waits. */
async function startInChild(
  folder: string,
): Promise<{ readonly kill: () => Promise<void>; readonly pid: number; readonly url: string }> {
  const launcher = resolve(__dirname, '../../../src/adapters/embedded/embedded-postgres.ts');
  const script =
    `require(${JSON.stringify(launcher)}).EmbeddedPostgres.start({ folder: process.argv[1] })` +
    `.then((server) => { console.log(server.pid + ' ' + server.url); setInterval(() => {}, 1000); })`;
  const preload = join(__dirname, 'typescript-child.cjs');
  const child = spawn(process.execPath, ['-r', preload, '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const [pid, url] = line.toString().trim().split(' ');
  const kill = async (): Promise<void> => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { kill, pid: Number(pid), url };
}

describe('the embedded PostgreSQL', () => {
  it('finds its data after a stop, and stops twice', async () => {
    const folder = join(home, 'restart');
    const first = await EmbeddedPostgres.start({ folder });
    await ask(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    await first.stop();
    expect(isRunning(first.pid)).toBe(false);
    const second = await EmbeddedPostgres.start({ folder });
    expect(await ask(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(await ask(second.url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
    await second.stop();
    expect(statSync(folder).mode & 0o077).toBe(0);
    expect(statSync(join(folder, 'password')).mode & 0o077).toBe(0);
  });

  it('starts again after its process was killed, and what was committed is there', async () => {
    const folder = join(home, 'killed');
    const child = await startInChild(folder);
    await ask(child.url, 'CREATE TABLE kept AS SELECT 7 AS answer');
    await child.kill();
    const next = await EmbeddedPostgres.start({ folder });
    expect(next.pid).not.toBe(child.pid);
    expect(isRunning(child.pid)).toBe(false);
    expect(await ask(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 7 }]);
    await next.stop();
  });

  it('stops a server that was left behind, and ignores the note of one that is gone', async () => {
    const folder = join(home, 'orphan');
    const orphan = await EmbeddedPostgres.start({ folder });
    const next = await EmbeddedPostgres.start({ folder });
    expect(isRunning(orphan.pid)).toBe(false);
    const note = join(folder, 'data', 'postmaster.pid');
    const text = readFileSync(note, 'utf8');
    await next.stop();
    // As a power failure leaves it, with a number that another process has now.
    writeFileSync(note, text.replace(/^\d+/, `${process.pid}`));
    const last = await EmbeddedPostgres.start({ folder });
    expect(await ask(last.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await last.stop();
  });

  it('tells when the server is lost, but not when it was asked to stop', async () => {
    const folder = join(home, 'lost');
    const heard: string[] = [];
    const first = await EmbeddedPostgres.start({ folder });
    const lost = new Promise<void>((done) =>
      first.onLost((reason) => {
        heard.push(reason);
        done();
      }),
    );
    process.kill(first.pid, 'SIGKILL');
    await lost;
    const second = await EmbeddedPostgres.start({ folder });
    second.onLost((reason) => heard.push(reason));
    await second.stop();
    expect(heard).toEqual(['the embedded PostgreSQL ended (SIGKILL)']);
  });

  it('leaves nothing half made when the first start is refused', async () => {
    const folder = join(home, 'refused');
    mkdirSync(join(folder, 'data'), { recursive: true });
    writeFileSync(join(folder, 'data', 'letter.txt'), 'not a database');
    await expect(EmbeddedPostgres.start({ folder })).rejects.toMatchObject({
      code: 'DATA_FOLDER_FOREIGN',
    });
    expect(readdirSync(folder).toSorted()).toEqual(['data']);
  });
});
