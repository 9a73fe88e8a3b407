// Objects in memory: the twin for file commands and unit tests.
import { DomainError } from '../../core';
import { ObjectStore, objectKeyOf } from '../../ingest';

export class MemoryObjectStore extends ObjectStore {
  private readonly objects = new Map<string, Uint8Array>();

  override async put(key: string, bytes: Uint8Array): Promise<void> {
    this.objects.set(objectKeyOf(key), new Uint8Array(bytes)); // slice() of a Buffer is no copy
  }

  override async get(key: string): Promise<Uint8Array> {
    const bytes = this.objects.get(objectKeyOf(key));
    if (bytes === undefined) {
      throw new DomainError('OBJECT_STORE_UNAVAILABLE', `there is no object '${key}'`, { key });
    }
    return new Uint8Array(bytes);
  }

  override async getRange(key: string, from: number, to: number): Promise<Uint8Array> {
    return (await this.get(key)).slice(from, to);
  }

  override list(prefix: string): Promise<readonly string[]> {
    return Promise.resolve(
      [...this.objects.keys()].filter((key) => key.startsWith(prefix)).toSorted(),
    );
  }

  override async delete(key: string): Promise<void> {
    this.objects.delete(objectKeyOf(key));
  }
}
