// Objects as files of one folder: written aside, synced, renamed, and the folder synced.
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { DomainError } from '../../core';
import { ObjectStore, objectKeyOf } from '../../ingest';

const DRAFT_FOLDER = '.drafts'; // on the same file system, so that a rename is one step

export class LocalObjectStore extends ObjectStore {
  private readonly folder: string;
  private draftCount = 0;

  constructor(folder: string) {
    super();
    this.folder = resolve(folder);
  }

  override async put(key: string, bytes: Uint8Array): Promise<void> {
    const target = this.pathOf(key);
    // One name per process and put: two writers of one key never share a draft.
    const draft = join(this.folder, DRAFT_FOLDER, `${process.pid}-${(this.draftCount += 1)}`);
    try {
      await makeFolder(dirname(draft));
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await makeFolder(dirname(target));
      await rename(draft, target);
      await syncFolder(dirname(target));
    } catch (error) {
      // Best effort: what is reported is why the object was not put.
      await rm(draft, { force: true }).catch(() => undefined);
      throw this.explain(key, error);
    }
  }

  override async get(key: string): Promise<Uint8Array> {
    try {
      return await readFile(this.pathOf(key));
    } catch (error) {
      throw this.explain(key, error);
    }
  }

  override async getRange(key: string, from: number, to: number): Promise<Uint8Array> {
    try {
      const file = await open(this.pathOf(key), 'r');
      try {
        const start = Math.max(0, from);
        const bytes = Buffer.alloc(Math.max(0, to - start));
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await file.read(
            bytes,
            filled,
            bytes.length - filled,
            start + filled,
          );
          if (bytesRead === 0) break; // The object ends before `to`.
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw this.explain(key, error);
    }
  }

  override async list(prefix: string): Promise<readonly string[]> {
    try {
      const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(this.folder.length + 1))
        .map((path) => path.split(sep).join('/'))
        .filter((key) => key.startsWith(prefix) && !key.startsWith(`${DRAFT_FOLDER}/`))
        .toSorted();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw this.explain(prefix, error);
    }
  }

  override async delete(key: string): Promise<void> {
    try {
      await rm(this.pathOf(key), { force: true });
    } catch (error) {
      throw this.explain(key, error);
    }
  }

  private pathOf(key: string): string {
    return join(this.folder, ...objectKeyOf(key).split('/'));
  }

  private explain(key: string, error: unknown): unknown {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof DomainError || code === undefined) return error;
    if (code === 'ENOENT' || code === 'EISDIR') {
      const text = `object '${key}' is not in folder '${this.folder}'`;
      return new DomainError('OBJECT_STORE_UNAVAILABLE', text, { key });
    }
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      const text = `no space is left in '${this.folder}' for object '${key}'`;
      return new DomainError('DISK_FULL', text, { key }, { cause: error });
    }
    const text = `object '${key}' in folder '${this.folder}': ${message}`;
    return new DomainError('OBJECT_STORE_UNAVAILABLE', text, { key }, { cause: error });
  }
}

/** A new folder survives a crash only when its parent was synced too. */
async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
