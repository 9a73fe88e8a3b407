import { MemoryObjectStore, MemoryRollupStore } from '../../src/adapters/embedded';
import { DAY_MS, FIVE_MINUTES_MS } from '../../src/core';
import { HistoryReader } from '../../src/features';
import { compactDay, compactUntil, type SealedBlock, type StoredBlock } from '../../src/ingest';

const SETTINGS = { vmsPerSegment: 4, vmsPerPass: 4, keyPrefix: 'segments/t=a' };
const COUNTERS = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };

/** Six VMs, all at `percent`. */
function blockOf(bucket: number, percent: number, version = 1): SealedBlock {
  return {
    startMs: bucket * FIVE_MINUTES_MS,
    version,
    vmIndex: Uint32Array.of(0, 1, 2, 3, 4, 5),
    sumCenti: new Uint32Array(6).fill(percent * 500),
    maxCenti: new Uint16Array(6).fill(percent * 100),
    slots: new Uint8Array(6).fill(31),
  };
}

/** A store to which somebody commits as soon as its blocks were read. */
class BusyStore extends MemoryRollupStore {
  private readonly later: SealedBlock[][] = [];

  async begin(blocks: readonly SealedBlock[]): Promise<this> {
    await this.vmIndexes(['a', 'b', 'c', 'd', 'e', 'f']);
    await this.acquire('log', 0);
    await this.add(blocks);
    return this;
  }

  add(blocks: readonly SealedBlock[]): Promise<void> {
    const about = { source: 'log', partition: 0, generation: 1, nextOffset: 1 };
    const empty = { openBlocks: [], quarantine: [], counters: COUNTERS };
    return this.commit({ ...about, ...empty, blocks });
  }

  afterRead(...blocks: SealedBlock[]): void {
    this.later.push(blocks);
  }

  override async *readBlocks(fromMs: number, toMs: number): AsyncGenerator<StoredBlock> {
    yield* super.readBlocks(fromMs, toMs);
    const blocks = this.later.shift();
    if (blocks !== undefined) await this.add(blocks);
  }
}

async function history(store: MemoryRollupStore, objects: MemoryObjectStore, vm: number) {
  const reader = new HistoryReader(store, objects);
  const { values } = await reader.fiveMinute(Uint32Array.of(vm), 0, 6 * FIVE_MINUTES_MS);
  return [...values];
}

describe('a day that becomes segments while samples still come', () => {
  it('keeps the blocks that came after it was read', async () => {
    const objects = new MemoryObjectStore();
    const store = await new BusyStore().begin([blockOf(0, 10), blockOf(1, 11)]);
    store.afterRead(blockOf(2, 12)); // between the two passes: VMs 4 and 5 see it, 0 to 3 do not
    store.afterRead(blockOf(3, 13));
    await compactDay(store, objects, 0, SETTINGS);
    for (const vm of [0, 5]) {
      expect(await history(store, objects, vm)).toEqual([10, 11, 12, 13, Number.NaN, Number.NaN]);
    }
    expect(await compactUntil(store, objects, DAY_MS, SETTINGS)).toBe(1);
    expect(await store.blockSpan()).toBeUndefined();
    for (const vm of [0, 5]) {
      expect(await history(store, objects, vm)).toEqual([10, 11, 12, 13, Number.NaN, Number.NaN]);
    }
  });

  it('is left as it was where a block that was read is corrected, and is taken the next time', async () => {
    const objects = new MemoryObjectStore();
    const store = await new BusyStore().begin([blockOf(0, 10), blockOf(1, 11)]);
    store.afterRead(blockOf(1, 50, 2));
    const compacted = compactDay(store, objects, 0, SETTINGS);
    await expect(compacted).rejects.toMatchObject({ code: 'DAY_CHANGED' });
    expect(await store.segments(0, DAY_MS, FIVE_MINUTES_MS)).toEqual([]);
    expect((await history(store, objects, 2)).slice(0, 2)).toEqual([10, 50]);
    await compactDay(store, objects, 0, SETTINGS);
    expect(await store.blockSpan()).toBeUndefined();
    expect((await history(store, objects, 2)).slice(0, 2)).toEqual([10, 50]);
  });

  it('is done with where its blocks hold no row', async () => {
    const objects = new MemoryObjectStore();
    const empty = { vmIndex: new Uint32Array(), sumCenti: new Uint32Array() };
    const rest = { maxCenti: new Uint16Array(), slots: new Uint8Array() };
    const store = await new BusyStore().begin([{ startMs: 0, version: 1, ...empty, ...rest }]);
    expect(await compactUntil(store, objects, DAY_MS, SETTINGS)).toBe(1);
    expect(await store.blockSpan()).toBeUndefined();
  });
});
