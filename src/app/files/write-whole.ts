// A file is there whole or not at all: temporary name, fsync, rename.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../core';

/** Throws DISK_FULL or INPUT_UNREADABLE naming the path; nothing half-written stays. */
export async function writeWhole(
  path: string,
  parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const unfinished = `${path}.unfinished-${randomBytes(4).toString('hex')}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(unfinished, 'wx');
    try {
      for await (const part of parts) await file.write(part as Uint8Array);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    if (cause instanceof DomainError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw new DomainError('DISK_FULL', `no space for '${path}'`, { path }, { cause });
    }
    throw new DomainError(
      'INPUT_UNREADABLE',
      `'${path}' cannot be written: ${message}`,
      { path },
      { cause },
    );
  }
}
