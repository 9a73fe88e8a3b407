// The service's folder on this machine: its layout, its version, and the one process that owns it.
import { chmodSync, existsSync, linkSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '../../core';

/** Grows when files move or change their meaning; a release reads one layout only. */
const LAYOUT_VERSION = '1';

const OWNER_ONLY = 0o700;
const OTHERS_MAY_PASS = 0o711; // As root: PostgreSQL runs as nobody in a folder below.

interface LockNote {
  readonly pid: number;
  /** Of the process, in ticks since the boot: tells a new process with an old number. */
  readonly startTicks: string;
}

export class DataFolder {
  private constructor(readonly path: string) {}

  /**
   * Makes the folder, or checks that it is ours, and takes its lock; the lock of a dead process is
   * taken over. Throws DATA_FOLDER_FOREIGN, DATA_FOLDER_LOCKED, DISK_FULL, CONFIG_INVALID.
   */
  static open(folder: string): DataFolder {
    const path = resolve(folder);
    try {
      const mode = process.getuid?.() === 0 ? OTHERS_MAY_PASS : OWNER_ONLY;
      mkdirSync(path, { recursive: true, mode });
      checkVersion(path);
      chmodSync(path, mode);
      takeLock(path);
      const version = join(path, 'VERSION');
      if (!existsSync(version)) writeWhole(version, `${LAYOUT_VERSION}\n`);
      const opened = new DataFolder(path);
      for (const part of [opened.logFolder, opened.objectFolder, opened.modelFolder]) {
        mkdirSync(part, { recursive: true, mode: OWNER_ONLY });
      }
      return opened;
    } catch (error) {
      throw explain(path, error);
    }
  }

  get postgresFolder(): string {
    return join(this.path, 'postgres');
  }

  /** The local sample log. */
  get logFolder(): string {
    return join(this.path, 'log');
  }

  get objectFolder(): string {
    return join(this.path, 'objects');
  }

  get modelFolder(): string {
    return join(this.path, 'models');
  }

  /** 0600; the operator's token of the embedded default. */
  get tokenFile(): string {
    return join(this.path, 'operator.token');
  }

  /** Gives the lock back; closing twice is no error. */
  close(): void {
    const lock = join(this.path, 'lock');
    if (existsSync(lock) && readFileSync(lock, 'utf8') === ownNote()) rmSync(lock, { force: true });
  }
}

function checkVersion(path: string): void {
  const version = join(path, 'VERSION');
  if (existsSync(version)) {
    const found = readFileSync(version, 'utf8').trim();
    if (found === LAYOUT_VERSION) return;
    throw new DomainError(
      'DATA_FOLDER_FOREIGN',
      `data folder '${path}' has layout version ${JSON.stringify(found.slice(0, 20))}; ` +
        `this release reads ${LAYOUT_VERSION}`,
      { path },
    );
  }
  // The lock comes before VERSION: a start that was cut off between them leaves only that.
  const strange = readdirSync(path).find((name) => !name.startsWith('lock'));
  if (strange !== undefined) {
    throw new DomainError(
      'DATA_FOLDER_FOREIGN',
      `data folder '${path}' has no VERSION but holds '${strange}'; name a new or empty folder`,
      { path },
    );
  }
}

/** A link appears whole or not at all, so a lock is never seen half written. */
function takeLock(path: string): void {
  const lock = join(path, 'lock');
  const draft = join(path, `lock.${process.pid}`);
  writeFileSync(draft, ownNote(), { mode: 0o600 });
  try {
    while (!linked(draft, lock)) {
      const text = readIfThere(lock);
      if (text === undefined) continue; // Given back just now.
      if (text === ownNote() || isAlive(text)) throw lockedBy(path, text);
      removeStale(lock, text);
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two processes may find the same stale lock: what was moved away must be what was judged. */
function removeStale(lock: string, judged: string): void {
  const aside = `${lock}.stale.${process.pid}`;
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (readIfThere(aside) !== judged) linked(aside, lock);
  rmSync(aside, { force: true });
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function noteOf(text: string): LockNote | undefined {
  const match = /^(\d+) (\d*)\n$/.exec(text);
  return match === null ? undefined : { pid: Number(match[1]), startTicks: match[2] };
}

function ownNote(): string {
  return `${process.pid} ${startTicksOf(process.pid) ?? ''}\n`;
}

function isAlive(text: string): boolean {
  const note = noteOf(text);
  if (note === undefined) return false;
  if (note.startTicks !== '') return startTicksOf(note.pid) === note.startTicks;
  try {
    process.kill(note.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat; the second field, the name, may hold blanks and brackets. */
function startTicksOf(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function lockedBy(path: string, text: string): DomainError {
  const pid = noteOf(text)?.pid;
  return new DomainError(
    'DATA_FOLDER_LOCKED',
    `data folder '${path}' is in use by process ${pid ?? 'unknown'}`,
    { path, pid },
  );
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
}

function explain(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof DomainError || code === undefined) return error;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DomainError('DISK_FULL', `no space is left for data folder '${path}'`, { path });
  }
  const isFile = existsSync(path) && !statSync(path).isDirectory();
  return new DomainError(
    'CONFIG_INVALID',
    `data folder '${path}' cannot be used: ${isFile ? 'it is a file' : message}`,
    { path },
    { cause: error },
  );
}
