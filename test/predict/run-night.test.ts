import { memoryNight } from '../../src/app/files/memory-night';
import { DomainError, ManualClock } from '../../src/core';
import {
  GeneratorSampleSource,
  ingestSamples,
  ROLLUP_SETTINGS,
  type GeneratorSettings,
} from '../../src/ingest';
import {
  findBroken,
  runNight,
  readVmForecast,
  readVmLosses,
  FIVE_MINUTE,
  HOURLY,
} from '../../src/predict';
import { memoryNightOf } from '../e2e/memory-night-of';

const DAY_MS = 86_400_000;
const END_MS = Date.UTC(2026, 10, 24, 22);
const FLEET: GeneratorSettings = {
  fleet: { seed: 5, vmCount: 23 },
  startMs: END_MS - 8 * DAY_MS,
  endMs: END_MS,
};

async function ingested(generator: GeneratorSettings) {
  const clock = new ManualClock(END_MS);
  const night = memoryNight('auto', clock);
  const source = new GeneratorSampleSource(generator);
  await ingestSamples(source, night.rollups, { settings: ROLLUP_SETTINGS, clock, partitions: [0] });
  const { backend, isa } = night.kernels.report();
  const request = {
    tenantId: 'north',
    timeZone: 'UTC',
    atMs: END_MS,
    shardSize: 8,
    backend,
    isa,
    codeVersion: '0',
  };
  return { night, request };
}

describe('the night', () => {
  it('gives the same bytes for any shard size, number of workers, and state of compaction', async () => {
    const clock = new ManualClock(END_MS);
    const expected = await memoryNightOf(FLEET, clock);
    expect(expected).toHaveLength(23);
    for (const [shardSize, workers, compactUntilMs] of [
      [1, 5, undefined],
      [7, 2, undefined],
      [64, 1, END_MS - 2 * DAY_MS],
      [5, 2, END_MS],
    ] as const) {
      const shape = { shardSize, workers, compactUntilMs };
      expect(await memoryNightOf(FLEET, clock, shape)).toEqual(expected);
    }
  });

  it('looks at nothing at or after the cutoff', async () => {
    const clock = new ManualClock(END_MS + DAY_MS);
    const longer = { ...FLEET, endMs: END_MS + 6 * 3_600_000 };
    const night = memoryNight('auto', clock);
    const settings = { settings: ROLLUP_SETTINGS, clock, partitions: [0] };
    await ingestSamples(new GeneratorSampleSource(longer), night.rollups, settings);
    const { backend, isa } = night.kernels.report();
    const request = {
      tenantId: 'north',
      timeZone: 'UTC',
      atMs: END_MS,
      shardSize: 8,
      backend,
      isa,
      codeVersion: '0',
    };
    const run = await runNight(request, night.ports, { workers: 1, worker: { name: 'w' } });
    const texts = await Promise.all(
      (await night.ledger.vmIds(run.runId, 0, 23)).map(
        async (vmId) => (await night.windows.document('north', vmId))?.text,
      ),
    );
    expect(texts).toEqual(await memoryNightOf(FLEET, new ManualClock(END_MS)));
  });

  it('reads one VM forecast and its losses back, and knows nothing of a stranger', async () => {
    const { night, request } = await ingested(FLEET);
    const run = await runNight(request, night.ports, { workers: 2, worker: { name: 'w' } });
    const five = await readVmForecast(run, 'vm-000017', FIVE_MINUTE, night.ports);
    const hourly = await readVmForecast(run, 'vm-000017', HOURLY, night.ports);
    expect([five?.mean.length, hourly?.mean.length, five?.quantiles.length]).toEqual([288, 168, 9]);
    expect(
      five?.quantiles.every(
        (values, at, all) => at === 0 || values.every((value, lead) => value >= all[at - 1][lead]),
      ),
    ).toBe(true);
    expect(
      (await readVmLosses(run, 'vm-000017', night.ports)).map((loss) => loss.member),
    ).toContain('arima');
    expect(await readVmForecast(run, 'nobody', HOURLY, night.ports)).toBeUndefined();
  });

  it('completes though the queue loses every job once', async () => {
    const { night, request } = await ingested(FLEET);
    const lost = new Set<string>();
    const add = night.ports.queue.add.bind(night.ports.queue);
    night.ports.queue.add = async (jobs) => {
      const kept = jobs.filter(({ stage, shard }) => lost.has(`${stage}-${shard}`));
      for (const { stage, shard } of jobs) lost.add(`${stage}-${shard}`);
      await add(kept);
    };
    const run = await runNight(request, night.ports, { workers: 2, worker: { name: 'w' } });
    expect(run.status).toBe('published');
  });

  it('joins the published run, and starts a new attempt when it is asked for again', async () => {
    const { night, request } = await ingested(FLEET);
    const options = { workers: 1, worker: { name: 'w' } };
    const first = await runNight(request, night.ports, options);
    expect((await runNight(request, night.ports, options)).runId).toBe(first.runId);
    const again = await runNight({ ...request, again: true }, night.ports, options);
    expect(again.attempt).toBe(2);
    expect((await night.windows.document('north', 'vm-000001'))?.revision).toBe(2);
  });

  it('refuses an instant without data, naming it and what there is', async () => {
    const { night, request } = await ingested(FLEET);
    const options = { workers: 1, worker: { name: 'w' } };
    await expect(
      runNight({ ...request, atMs: END_MS + 90 * DAY_MS }, night.ports, options),
    ).rejects.toThrow(
      /nothing in the 28 days before 2027-02-22T22:00:00Z; samples reach from 2026-11-16T22:00:00Z/,
    );
    const empty = memoryNight('auto', new ManualClock(END_MS));
    await expect(runNight(request, empty.ports, options)).rejects.toThrow('no samples are stored');
  });

  it('refuses a shard size that no machine could hold', async () => {
    const { night, request } = await ingested({ ...FLEET, startMs: END_MS - 3 * DAY_MS });
    const options = { workers: 1, worker: { name: 'w' } };
    await expect(runNight({ ...request, shardSize: 0 }, night.ports, options)).rejects.toThrow(
      'shardSize is 0',
    );
  });
});

describe('the search for what breaks a shard', () => {
  const vmIds = Array.from({ length: 37 }, (_, at) => `vm-${at}`);

  it('finds each VM that throws, with its message, and no neighbour', async () => {
    const bad = new Map([
      ['vm-3', 'no square root'],
      ['vm-36', 'empty'],
    ]);
    let calls = 0;
    const found = await findBroken(vmIds, async (leftOut) => {
      calls += 1;
      for (const [vmId, why] of bad) if (!leftOut.has(vmId)) throw new Error(why);
    });
    expect(found).toEqual(bad);
    expect(calls).toBeLessThan(30);
  });

  it('passes an outage on instead of blaming a VM', async () => {
    const outage = new DomainError('STORE_UNAVAILABLE', 'the database is away');
    await expect(findBroken(vmIds, () => Promise.reject(outage))).rejects.toBe(outage);
  });
});
