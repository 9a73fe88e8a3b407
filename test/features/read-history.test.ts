import { MemoryRollupStore } from '../../src/adapters/embedded';
import { DAY_MS, FIVE_MINUTES_MS, HOUR_MS, MINUTE_MS } from '../../src/core';
import { HistoryReader } from '../../src/features';
import { compactDay, compactUntil, generatedPct, type SealedBlock } from '../../src/ingest';
import { ingestFleet, LAB_START_MS, type FleetLab } from '../ingest/fleet-lab';

const FLEET = { seed: 7, vmCount: 9 };
const SETTINGS = { vmsPerSegment: 4, vmsPerPass: 8, keyPrefix: 'segments/t=a' };

/** Mean of a bucket from the generator's formula, by the rule of the design, in plain numbers. */
function truth(vm: number, startMs: number): number {
  let sum = 0;
  for (let minute = 0; minute < 5; minute += 1) {
    sum += Math.round(generatedPct(FLEET, vm, startMs + minute * MINUTE_MS) * 100);
  }
  return Math.floor(sum / 5 + 0.5) / 100;
}

describe('the history of VMs', () => {
  let lab: FleetLab;
  beforeAll(async () => {
    lab = await ingestFleet(FLEET, LAB_START_MS, LAB_START_MS + 3 * DAY_MS);
  });

  it('is the same bits from blocks, from segments, and from both', async () => {
    const vms = Uint32Array.of(8, 0, 5);
    const span = [LAB_START_MS + HOUR_MS, LAB_START_MS + 3 * DAY_MS - HOUR_MS] as const;
    const copy = await ingestFleet(FLEET, LAB_START_MS, LAB_START_MS + 3 * DAY_MS);
    const blocks = await new HistoryReader(copy.store, copy.objects).read(vms, ...span);
    await compactDay(copy.store, copy.objects, LAB_START_MS + DAY_MS, SETTINGS);
    const mixed = await new HistoryReader(copy.store, copy.objects).read(vms, ...span);
    await compactUntil(copy.store, copy.objects, LAB_START_MS + 3 * DAY_MS, SETTINGS);
    expect(await copy.store.blockSpan()).toBeUndefined();
    const segments = await new HistoryReader(copy.store, copy.objects).read(vms, ...span);
    expect(mixed).toEqual(blocks);
    expect(segments).toEqual(blocks);
    for (const [row, vm] of vms.entries()) {
      for (const column of [0, 100, 407]) {
        const at = row * blocks.fiveMinute.length + column;
        const startMs = span[0] + column * FIVE_MINUTES_MS;
        expect(blocks.fiveMinute.values[at]).toBe(truth(vm, startMs));
      }
    }
  });

  it('holds only buckets that lie wholly between the instants', async () => {
    const reader = new HistoryReader(lab.store, lab.objects);
    const history = await reader.read(
      Uint32Array.of(1),
      LAB_START_MS + 1,
      LAB_START_MS + 2 * HOUR_MS + 10 * MINUTE_MS - 1,
    );
    expect(history.fiveMinute).toMatchObject({
      startMs: LAB_START_MS + FIVE_MINUTES_MS,
      length: 24,
    });
    expect(history.hourly).toMatchObject({ startMs: LAB_START_MS + HOUR_MS, length: 1 });
    expect(history.fiveMinute.values.every((value) => value >= 0)).toBe(true);
  });

  it('is gaps where nothing is known, and empty for no VM and for no time', async () => {
    const reader = new HistoryReader(lab.store, lab.objects);
    const before = await reader.read(Uint32Array.of(2), LAB_START_MS - DAY_MS, LAB_START_MS);
    expect(before.fiveMinute.values.every(Number.isNaN)).toBe(true);
    expect(before.hourly.values.every(Number.isNaN)).toBe(true);
    const nobody = await reader.read(new Uint32Array(0), LAB_START_MS, LAB_START_MS + DAY_MS);
    expect(nobody.hourly).toMatchObject({ seriesCount: 0, length: 24 });
    const never = await reader.read(Uint32Array.of(1), LAB_START_MS, LAB_START_MS);
    expect(never.fiveMinute.values).toHaveLength(0);
  });

  it('reads a VM that is new in the catalog as a gap in older segments', async () => {
    const own = await ingestFleet(FLEET, LAB_START_MS, LAB_START_MS + DAY_MS);
    await compactUntil(own.store, own.objects, LAB_START_MS + DAY_MS, SETTINGS);
    const [late] = await own.store.vmIndexes(['newcomer']);
    const reader = new HistoryReader(own.store, own.objects);
    const { fiveMinute } = await reader.read(
      Uint32Array.of(late, 3),
      LAB_START_MS,
      LAB_START_MS + DAY_MS,
    );
    expect(fiveMinute.values.subarray(0, 288).every(Number.isNaN)).toBe(true);
    expect(fiveMinute.values[288]).toBe(truth(3, LAB_START_MS));
  });

  it('takes an hour with six buckets and leaves one with five out, rounded half up', async () => {
    const store = new MemoryRollupStore();
    await store.vmIndexes(['a', 'b']);
    const { generation } = await store.acquire('x', 0);
    const blocks = Array.from({ length: 6 }, (_, bucket) =>
      blockOf(LAB_START_MS + bucket * FIVE_MINUTES_MS, bucket < 5 ? [0, 1] : [0], bucket % 2),
    );
    await store.commit(effectsOf(generation, blocks));
    const { hourly } = await new HistoryReader(store, lab.objects).read(
      Uint32Array.of(0, 1),
      LAB_START_MS,
      LAB_START_MS + HOUR_MS,
    );
    expect([...hourly.values]).toEqual([0.01, Number.NaN]); // three of 0.00, three of 0.01
  });

  it('joins a VM that moved between partitions inside a bucket', async () => {
    const store = new MemoryRollupStore();
    await store.vmIndexes(['a']);
    const first = await store.acquire('x', 0);
    const second = await store.acquire('x', 1);
    const part = (sumCenti: number, slots: number, maxCenti: number): SealedBlock => ({
      ...blockOf(LAB_START_MS, [0], 0),
      sumCenti: Uint32Array.of(sumCenti),
      maxCenti: Uint16Array.of(maxCenti),
      slots: Uint8Array.of(slots),
    });
    const one = effectsOf(first.generation, [part(300, 0b00011, 200)]);
    await store.commit(one);
    await store.commit({
      ...effectsOf(second.generation, [part(1_200, 0b11100, 500)]),
      partition: 1,
    });
    const { fiveMinute } = await new HistoryReader(store, lab.objects).read(
      Uint32Array.of(0),
      LAB_START_MS,
      LAB_START_MS + FIVE_MINUTES_MS,
    );
    expect([...fiveMinute.values]).toEqual([3]); // (300 + 1200) / 5 minutes
  });
});

function blockOf(startMs: number, vms: readonly number[], centi: number): SealedBlock {
  return {
    startMs,
    version: 1,
    vmIndex: Uint32Array.from(vms),
    sumCenti: new Uint32Array(vms.length).fill(5 * centi),
    maxCenti: new Uint16Array(vms.length).fill(centi),
    slots: new Uint8Array(vms.length).fill(31),
  };
}

function effectsOf(generation: number, blocks: readonly SealedBlock[]) {
  return {
    source: 'x',
    partition: 0,
    generation,
    nextOffset: 1,
    blocks,
    openBlocks: [],
    quarantine: [],
    counters: { received: 0, stored: 0, duplicate: 0, quarantined: 0 },
  };
}
