import { createHash } from 'node:crypto';
import { PostgresRollupStore } from '../../../src/adapters/postgres/postgres-rollup-store';
import type { IngestEffects, SealedBlock } from '../../../src/ingest';
import { openDatabaseLab } from './database-lab';
import type { DatabaseLab } from './database-lab';

let lab: DatabaseLab;
beforeAll(async () => {
  lab = await openDatabaseLab(['default', 'other']);
});
afterAll(async () => lab?.close());

const START_MS = 1_700_000_100_000;
const STEP_MS = 300_000;
const NOTHING = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };

function blockOf(startMs: number, version: number, value: number, rowCount = 3): SealedBlock {
  return {
    startMs,
    version,
    vmIndex: Uint32Array.from({ length: rowCount }, (_, row) => row),
    sumCenti: new Uint32Array(rowCount).fill(value),
    maxCenti: new Uint16Array(rowCount).fill(value % 65_536),
    slots: new Uint8Array(rowCount).fill(31),
  };
}

function effectsOf(
  source: string,
  generation: number,
  change: Partial<IngestEffects> = {},
): IngestEffects {
  return {
    source,
    partition: 0,
    generation,
    nextOffset: 1,
    blocks: [],
    openBlocks: [],
    quarantine: [],
    counters: NOTHING,
    ...change,
  };
}

/** Jest compares half a million numbers one by one in seconds, their bytes at once. */
function bytesOf(block: SealedBlock): string {
  const hash = createHash('sha256');
  for (const column of [block.vmIndex, block.sumCenti, block.maxCenti, block.slots]) {
    hash.update(`${column.length}:`).update(column);
  }
  return hash.digest('hex');
}

async function read(store: PostgresRollupStore): Promise<readonly SealedBlock[]> {
  const blocks: SealedBlock[] = [];
  for await (const block of store.readBlocks(0, 2 * START_MS)) blocks.push(block);
  return blocks;
}

describe('the roll-up store in PostgreSQL', () => {
  beforeEach(() =>
    lab.asOwner('TRUNCATE ingest_partition, sealed_block, open_block, quarantine, segment, vm'),
  );
  beforeEach(() => lab.asOwner('UPDATE tenant SET vm_count = 0'));

  it('changes nothing when one effect of a commit is refused', async () => {
    const store = new PostgresRollupStore(lab.database, 'default');
    const { generation } = await store.acquire('log', 0);
    const bad = { offset: 0, reason: 'NaN', head: new Uint8Array(3), sampleCount: Number.NaN };
    const commit = store.commit(
      effectsOf('log', generation, {
        nextOffset: 9,
        blocks: [blockOf(START_MS, 1, 5)],
        quarantine: [bad],
      }),
    );
    await expect(commit).rejects.toThrow(/integer/);
    expect(await read(store)).toEqual([]);
    expect(await store.acquire('log', 0)).toMatchObject({ generation: 2, nextOffset: 0 });
  });

  it('gives dense indexes without holes when many processes name new VMs at once', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `vm-${index}`);
    const asked = await Promise.all(
      Array.from({ length: 6 }, (_, turn) => {
        const mine = names.filter((_name, index) => index % 6 === turn || index % 4 === 0);
        return new PostgresRollupStore(lab.database, 'default').vmIndexes(mine);
      }),
    );
    const store = new PostgresRollupStore(lab.database, 'default');
    const vms = await store.vms();
    expect(vms.map((vm) => vm.vmIndex)).toEqual(names.map((_name, index) => index));
    const all = await store.vmIndexes(names);
    expect(all[0]).toBe(asked[0][0]);
    expect(all[4]).toBe(
      asked[1][names.filter((_n, i) => i % 6 === 1 || i % 4 === 0).indexOf('vm-4')],
    );
  });

  it('writes and reads blocks of many sizes in several batches, bit by bit', async () => {
    const store = new PostgresRollupStore(lab.database, 'default');
    const { generation } = await store.acquire('log', 0);
    const sizes = [0, 1, 7, 400_000, 500_000, 2];
    const blocks = sizes.map((size, index) => blockOf(START_MS + index * STEP_MS, 1, index, size));
    await store.commit(effectsOf('log', generation, { blocks }));
    const kept = await read(store);
    expect(kept.map(bytesOf)).toEqual(blocks.map(bytesOf));
    expect(kept.map((block) => block.startMs)).toEqual(blocks.map((block) => block.startMs));
  });

  it('gives a new owner the open buckets of the last commit, of its own partition only', async () => {
    const store = new PostgresRollupStore(lab.database, 'default');
    const { generation, openBlocks } = await store.acquire('log', 0);
    expect(openBlocks).toEqual([]);
    const [first, second, third] = [0, 1, 2].map((turn) =>
      blockOf(START_MS + turn * STEP_MS, 0, 7),
    );
    await store.commit(effectsOf('log', generation, { openBlocks: [first, second] }));
    await store.commit(effectsOf('log', generation, { openBlocks: [third, second] }));
    expect((await store.acquire('log', 0)).openBlocks).toEqual([second, third]);
    expect((await store.acquire('log', 1)).openBlocks).toEqual([]);
  });

  it('keeps the higher version of a block, also when both come in one commit', async () => {
    const store = new PostgresRollupStore(lab.database, 'default');
    const { generation } = await store.acquire('log', 0);
    const versions = [2, 3, 1].map((version) => blockOf(START_MS, version, version * 10));
    await store.commit(effectsOf('log', generation, { blocks: versions.slice(0, 2) }));
    await store.commit(effectsOf('log', generation, { blocks: versions.slice(2) }));
    expect(await read(store)).toMatchObject([versions[1]]);
  });

  it('shows a tenant nothing of another, without any WHERE in the store', async () => {
    const mine = new PostgresRollupStore(lab.database, 'default');
    const { generation } = await mine.acquire('log', 0);
    await mine.vmIndexes(['vm-1', 'vm-2']);
    const counters = { ...NOTHING, received: 3, stored: 3 };
    await mine.commit(
      effectsOf('log', generation, { blocks: [blockOf(START_MS, 1, 5)], counters }),
    );
    const theirs = new PostgresRollupStore(lab.database, 'other');
    expect(await theirs.vms()).toEqual([]);
    expect(await read(theirs)).toEqual([]);
    expect(await theirs.counters()).toEqual(NOTHING);
    expect(Array.from(await theirs.vmIndexes(['vm-9']))).toEqual([0]);
    const name = { source: 'log', partition: 0, startMs: START_MS, version: 1 };
    await expect(theirs.replaceBlocks([], [name])).rejects.toMatchObject({ code: 'DAY_CHANGED' });
    expect(await read(mine)).toHaveLength(1);
  });

  it('says that a tenant is unknown', async () => {
    const store = new PostgresRollupStore(lab.database, 'nobody');
    await expect(store.acquire('log', 0)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.vmIndexes(['vm-1'])).rejects.toThrow("tenant 'nobody' is unknown");
  });

  it('keeps quarantined heads with any bytes and reasons with any characters', async () => {
    const store = new PostgresRollupStore(lab.database, 'default');
    const { generation } = await store.acquire('log', 0);
    const rows = [
      {
        offset: 4,
        reason: 'NUL \u0000, "quote", {brace}, \\',
        head: Uint8Array.of(0, 255, 92),
        sampleCount: 2,
      },
      { offset: 5, reason: 'empty', head: new Uint8Array(0), sampleCount: 1 },
    ];
    await store.commit(effectsOf('log', generation, { quarantine: rows }));
    const { rows: kept } = await lab.database.withTenant('default', (client) =>
      client.query('SELECT source_offset, reason, head, sample_count FROM quarantine ORDER BY 1'),
    );
    expect(kept).toEqual([
      {
        source_offset: 4,
        reason: 'NUL \uFFFD, "quote", {brace}, \\',
        head: Buffer.from([0, 255, 92]),
        sample_count: 2,
      },
      { source_offset: 5, reason: 'empty', head: Buffer.alloc(0), sample_count: 1 },
    ]);
  });
});
