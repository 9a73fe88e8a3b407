// A folder as object store: temporary name, fsync, rename, fsync of the folder.
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DomainError } from '../../core';
import { ObjectStore } from '../../ingest';

const KEY = /^(?!.*\.\.)[a-z0-9][a-z0-9._=/-]{0,300}$/;
const UNFINISHED = '.unfinished-';

export class LocalObjectStore extends ObjectStore {
  constructor(private readonly folder: string) {
    super();
  }

  override async put(key: string, bytes: Uint8Array): Promise<void> {
    const path = this.pathOf(key);
    const unfinished = `${path}${UNFINISHED}${randomBytes(6).toString('hex')}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw fault(key, error);
    }
  }

  override async get(key: string): Promise<Uint8Array> {
    try {
      return await readFile(this.pathOf(key));
    } catch (error) {
      throw fault(key, error);
    }
  }

  override async getRange(key: string, from: number, to: number): Promise<Uint8Array> {
    try {
      const file = await open(this.pathOf(key), 'r');
      try {
        const buffer = Buffer.alloc(to - from);
        const { bytesRead } = await file.read(buffer, 0, to - from, from);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fault(key, error);
    }
  }

  override async list(prefix: string): Promise<readonly string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return []; // nothing was put yet
        throw fault(prefix, error);
      },
    );
    return entries
      .filter((entry) => entry.isFile() && !entry.name.includes(UNFINISHED))
      .map((entry) => relative(this.folder, join(entry.parentPath, entry.name)))
      .filter((key) => key.startsWith(prefix))
      .toSorted();
  }

  override async delete(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }

  private pathOf(key: string): string {
    if (!KEY.test(key)) {
      throw new DomainError('OBJECT_STORE_UNAVAILABLE', `'${key}' is no object key`, { key });
    }
    return join(this.folder, key);
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

function fault(key: string, error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const details = { key };
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new DomainError('DISK_FULL', `no space for object '${key}'`, details, { cause: error });
  }
  const what = code === 'ENOENT' ? 'is not there' : `failed: ${(error as Error).message}`;
  return new DomainError('OBJECT_STORE_UNAVAILABLE', `object '${key}' ${what}`, details, {
    cause: error,
  });
}
