// Whole, immutable files by key: segments, shard results, model artefacts.

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
