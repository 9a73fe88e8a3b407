import fc from 'fast-check';
import { MemoryRollupStore } from '../../../src/adapters/embedded/memory-rollup-store';
import { PostgresRollupStore } from '../../../src/adapters/postgres/postgres-rollup-store';
import type { BlockName, RollupStore, SealedBlock } from '../../../src/ingest';
import { openDatabaseLab } from './database-lab';
import type { DatabaseLab } from './database-lab';

let lab: DatabaseLab;
beforeAll(async () => {
  lab = await openDatabaseLab([]);
});
afterAll(async () => lab?.close());

const DAY_MS = 86_400_000;
const STEP_MS = 300_000;
const FIRST_DAY_MS = 19_000 * DAY_MS;

type Step = (store: RollupStore) => Promise<unknown>;

const partitions = fc.constantFrom(
  { source: 'log', partition: 0 },
  { source: 'log', partition: 12 },
  { source: 'File', partition: 3 },
);
const days = fc.integer({ min: 0, max: 2 }).map((day) => FIRST_DAY_MS + day * DAY_MS);
const starts = fc
  .tuple(days, fc.integer({ min: 0, max: 3 }))
  .map(([dayMs, bucket]) => dayMs + bucket * STEP_MS);
const names = fc.constantFrom('vm-1', 'vm-2', 'Vm-1', 'a:b/c', 'z');

const blocks = fc
  .tuple(starts, fc.integer({ min: 1, max: 3 }), fc.uniqueArray(fc.nat({ max: 40 })))
  .map(([startMs, version, rows]): SealedBlock => {
    const vmIndex = Uint32Array.from(rows).toSorted();
    return {
      startMs,
      version,
      vmIndex,
      sumCenti: vmIndex.map((row) => row * 65_537 + version),
      maxCenti: Uint16Array.from(vmIndex, (row) => row * 1_000 + version),
      slots: Uint8Array.from(vmIndex, (row) => row % 32),
    };
  });

const acquires = partitions.map(
  ({ source, partition }): Step =>
    (store) =>
      store.acquire(source, partition),
);

const counters = fc.record({
  received: fc.nat(),
  stored: fc.nat(),
  duplicate: fc.nat(),
  quarantined: fc.nat(),
});

const commits = fc
  .record({
    key: partitions,
    generation: fc.integer({ min: 1, max: 3 }),
    nextOffset: fc.nat(),
    blocks: fc.uniqueArray(blocks, { selector: (block) => block.startMs, maxLength: 4 }),
    openBlocks: fc.uniqueArray(blocks, { selector: (block) => block.startMs, maxLength: 2 }),
    counters,
  })
  .map(
    ({ key, openBlocks, ...effects }): Step =>
      (store) =>
        store.commit({
          ...key,
          ...effects,
          openBlocks: openBlocks.toSorted((a, b) => a.startMs - b.startMs),
          watermarkMs: FIRST_DAY_MS,
          quarantine: [],
        }),
  );

/** A higher partition of a source that sorts first: the order of blocks is by source first. */
const crossedSources: Step[] = (
  [
    ['log', 0],
    ['File', 3],
  ] as const
).flatMap(([source, partition]): Step[] => [
  (store) => store.acquire(source, partition),
  (store) =>
    store.commit({
      source,
      partition,
      generation: 1,
      nextOffset: 1,
      watermarkMs: FIRST_DAY_MS,
      blocks: [
        {
          startMs: FIRST_DAY_MS,
          version: 1,
          vmIndex: Uint32Array.of(partition),
          sumCenti: Uint32Array.of(1),
          maxCenti: Uint16Array.of(1),
          slots: Uint8Array.of(1),
        },
      ],
      openBlocks: [],
      quarantine: [],
      counters: { received: 1, stored: 1, duplicate: 0, quarantined: 0 },
    }),
]);

const indexings = fc.array(names, { maxLength: 6 }).map(
  (vmIds): Step =>
    (store) =>
      store.vmIndexes(vmIds),
);

const descriptions = fc
  .array(
    fc.record(
      { vmId: names, host: fc.string(), vcpus: fc.nat({ max: 64 }), memoryBytes: fc.maxSafeNat() },
      { requiredKeys: ['vmId'] },
    ),
    { maxLength: 4 },
  )
  .map((vms) => vms.map((vm) => ({ ...vm, ...(vm.host && { host: vm.host.replace(/\0/g, '') }) })))
  .map(
    (vms): Step =>
      (store) =>
        store.describeVms(vms),
  );

const lookups = fc.array(names, { maxLength: 6 }).map(
  (vmIds): Step =>
    (store) =>
      store.vmRecords(vmIds),
);

/** Blocks that may not be there, or those of the day that are. */
const heldBlocks = fc.option(
  fc.uniqueArray(
    fc
      .tuple(partitions, starts, fc.integer({ min: 1, max: 3 }))
      .map(([key, startMs, version]): BlockName => ({ ...key, startMs, version })),
    { selector: (block) => `${block.source}/${block.partition}/${block.startMs}`, maxLength: 2 },
  ),
  { nil: undefined },
);

async function blocksOfDay(store: RollupStore, dayMs: number): Promise<readonly BlockName[]> {
  const held: BlockName[] = [];
  for await (const { source, partition, startMs, version } of store.readBlocks(
    dayMs,
    dayMs + DAY_MS,
  )) {
    held.push({ source, partition, startMs, version });
  }
  return held;
}

const replacements = fc
  .tuple(days, fc.constantFrom(STEP_MS, 3_600_000), fc.integer({ min: 1, max: 3 }), heldBlocks)
  .map(
    ([dayMs, stepMs, version, held]): Step =>
      async (store) =>
        store.replaceBlocks(
          [0, 100].map((firstVmIndex) => ({
            key: `segments/${stepMs}/${dayMs}/${firstVmIndex}.v${version}`,
            dayMs,
            stepMs,
            firstVmIndex,
            vmCount: 100,
            version,
            crc32c: 0xff_ff_ff_ff,
            bytes: 5_000_000_000,
          })),
          held ?? (await blocksOfDay(store, dayMs)),
        ),
  );

const forgettings = days.map(
  (dayMs): Step =>
    async (store) =>
      [...(await store.forgetBefore(STEP_MS, dayMs))].toSorted(),
);

const steps = fc.oneof(
  { weight: 3, arbitrary: acquires },
  { weight: 6, arbitrary: commits },
  { weight: 2, arbitrary: indexings },
  { weight: 2, arbitrary: descriptions },
  { weight: 2, arbitrary: lookups },
  { weight: 1, arbitrary: replacements },
  { weight: 1, arbitrary: forgettings },
);

/** What a caller gets: the answer, or the code of the refusal. */
async function outcome(step: Promise<unknown>): Promise<unknown> {
  try {
    return await step;
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
}

async function view(store: RollupStore): Promise<unknown> {
  const read: SealedBlock[] = [];
  for await (const block of store.readBlocks(FIRST_DAY_MS, FIRST_DAY_MS + 2 * DAY_MS)) {
    read.push(block);
  }
  return {
    read,
    vms: await store.vms(),
    span: await store.blockSpan(),
    counters: await store.counters(),
    progress: await store.progress(),
    segments: await store.segments(FIRST_DAY_MS + 1, FIRST_DAY_MS + 3 * DAY_MS, STEP_MS),
    block: await store.block('log', 12, FIRST_DAY_MS),
    state: await store.acquire('log', 12),
  };
}

it('the roll-up stores in memory and in PostgreSQL answer every story alike', async () => {
  let story = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 25 }), async (told) => {
      story += 1; // A tenant of its own: nothing of the story before is seen.
      await lab.asOwner(`INSERT INTO tenant (tenant_id) VALUES ('story-${story}')`);
      const memory = new MemoryRollupStore();
      const database = new PostgresRollupStore(lab.database, `story-${story}`);
      for (const step of told) {
        const wanted = await outcome(step(memory));
        expect(await outcome(step(database))).toEqual(wanted);
      }
      expect(await view(database)).toEqual(await view(memory));
    }),
    { numRuns: 40, examples: [[crossedSources]] },
  );
});
