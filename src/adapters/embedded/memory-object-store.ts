// Objects in memory: the twin for file commands and unit tests.
import { DomainError } from '../../core';
import { ObjectStore } from '../../ingest';

export class MemoryObjectStore extends ObjectStore {
  private readonly objects = new Map<string, Uint8Array>();

  override put(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(key, bytes.slice());
    return Promise.resolve();
  }

  override get(key: string): Promise<Uint8Array> {
    const bytes = this.objects.get(key);
    if (bytes === undefined) {
      return Promise.reject(
        new DomainError('OBJECT_STORE_UNAVAILABLE', `there is no object '${key}'`, { key }),
      );
    }
    return Promise.resolve(bytes);
  }

  override async getRange(key: string, from: number, to: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(from, to);
  }

  override list(prefix: string): Promise<readonly string[]> {
    return Promise.resolve(
      [...this.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    );
  }

  override delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}
