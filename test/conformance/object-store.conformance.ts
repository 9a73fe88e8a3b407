// What every ObjectStore promises.
import * as fc from 'fast-check';
import type { ObjectStore } from '../../src/ingest';

export function objectStoreConformance(
  name: string,
  open: () => Promise<{ readonly store: ObjectStore; readonly close: () => Promise<void> }>,
): void {
  describe(`${name} as an ObjectStore`, () => {
    let store: ObjectStore;
    let close: () => Promise<void>;
    beforeEach(async () => ({ store, close } = await open()));
    afterEach(async () => close());

    it('gives back the bytes that were put, however many', async () => {
      for (const size of [0, 1, 255, 65_537]) {
        const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 256);
        await store.put(`a/b=${size}.arrow`, bytes);
        expect(Buffer.from(await store.get(`a/b=${size}.arrow`))).toEqual(Buffer.from(bytes));
      }
    });

    it.each([
      ['an array of bytes', Uint8Array.of(1, 2, 3)],
      ['a Buffer, whose slice() is no copy', Buffer.of(1, 2, 3)],
    ])('keeps its own copy of what was put: %s', async (_, bytes) => {
      await store.put('copy', bytes);
      bytes.fill(9);
      const read = await store.get('copy');
      read.fill(8);
      expect([...(await store.get('copy'))]).toEqual([1, 2, 3]);
    });

    it('replaces an object by a second put of its key', async () => {
      await store.put('same', Uint8Array.of(1, 2, 3));
      await store.put('same', Uint8Array.of(4));
      expect([...(await store.get('same'))]).toEqual([4]);
      expect(await store.list('same')).toEqual(['same']);
    });

    it('gives one of two objects whole when both are put at once', async () => {
      const sizes = [200_000, 100_000];
      await Promise.all(sizes.map((size, i) => store.put('race', new Uint8Array(size).fill(i))));
      const bytes = await store.get('race');
      expect(new Set(bytes).size).toBe(1);
      expect(bytes.length).toBe(sizes[bytes[0]]);
    });

    it('reads a range, half open, cut at the end of the object', async () => {
      await store.put('range', Uint8Array.of(0, 1, 2, 3, 4));
      expect([...(await store.getRange('range', 1, 3))]).toEqual([1, 2]);
      expect([...(await store.getRange('range', 3, 99))]).toEqual([3, 4]);
      expect([...(await store.getRange('range', 5, 9))]).toEqual([]);
      expect([...(await store.getRange('range', 2, 2))]).toEqual([]);
    });

    it('lists the keys of a prefix, sorted', async () => {
      for (const key of ['s/b', 's/a/2', 's/a/1', 'sa', 't']) {
        await store.put(key, new Uint8Array(1));
      }
      expect(await store.list('s/')).toEqual(['s/a/1', 's/a/2', 's/b']);
      expect(await store.list('s/a')).toEqual(['s/a/1', 's/a/2']);
      expect(await store.list('none')).toEqual([]);
    });

    it('forgets what is deleted, and does not mind what is not there', async () => {
      await store.put('gone', new Uint8Array(1));
      await store.delete('gone');
      await store.delete('gone');
      expect(await store.list('')).toEqual([]);
      await expect(store.get('gone')).rejects.toMatchObject({ code: 'OBJECT_STORE_UNAVAILABLE' });
      await expect(store.getRange('gone', 0, 1)).rejects.toThrow("'gone'");
    });

    it('refuses keys that could leave its folder', async () => {
      for (const key of ['', '/a', 'a/../b', '..', 'a//b', './a', 'A', 'a\u0000', 'a b', 'a/']) {
        await expect(store.put(key, new Uint8Array(1))).rejects.toMatchObject({
          code: 'REQUEST_INVALID',
        });
      }
    });

    it('is a map from keys to bytes under any sequence of puts and deletes', async () => {
      const step = fc.tuple(
        fc.constantFrom('k/1', 'k/2', 'm'),
        fc.option(fc.uint8Array({ maxLength: 20 })),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          for (const key of await store.list('')) await store.delete(key);
          const model = new Map<string, Uint8Array>();
          for (const [key, bytes] of steps) {
            if (bytes === null) {
              await store.delete(key);
              model.delete(key);
            } else {
              await store.put(key, bytes);
              model.set(key, bytes);
            }
          }
          expect(await store.list('')).toEqual([...model.keys()].toSorted());
          for (const [key, bytes] of model) expect([...(await store.get(key))]).toEqual([...bytes]);
        }),
        { numRuns: 25 },
      );
    });
  });
}
