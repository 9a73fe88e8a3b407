// Whole, immutable files by key: segments, shard results, model artefacts.
import { DomainError } from '../core';

const KEY = /^[a-z0-9._=/-]{1,500}$/;

/** Returns the key; throws REQUEST_INVALID when a file system might read it as something else. */
export function objectKeyOf(key: string): string {
  const parts = key.split('/');
  if (!KEY.test(key) || parts.some((part) => part === '' || part.startsWith('.'))) {
    throw new DomainError(
      'REQUEST_INVALID',
      `object key ${JSON.stringify(key.slice(0, 80))} is not a relative path of a-z 0-9 . _ = -`,
      { field: 'key' },
    );
  }
  return key;
}

/** Keys are [a-z0-9._=/-], relative, without "..". */
export abstract class ObjectStore {
  /** Visible whole or not at all; a second put of the same key replaces the first. */
  abstract put(key: string, bytes: Uint8Array): Promise<void>;

  /** Throws OBJECT_STORE_UNAVAILABLE naming the key when there is none. */
  abstract get(key: string): Promise<Uint8Array>;

  /** Bytes [from, to) of an object. */
  abstract getRange(key: string, from: number, to: number): Promise<Uint8Array>;

  /** Keys that begin with `prefix`, sorted. */
  abstract list(prefix: string): Promise<readonly string[]>;

  /** Deleting what is not there is no error. */
  abstract delete(key: string): Promise<void>;
}
