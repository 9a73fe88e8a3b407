// What goes wrong in a night, and what is then published: everything else, or nothing.
import { DomainError, type Json } from '../../src/core';
import type { Kernels } from '../../src/kernels';
import {
  advanceRun,
  LEASE_MS,
  readVmLosses,
  runNight,
  runShard,
  startRun,
  WindowPlanner,
  type ColumnTable,
  type NightPorts,
  type Run,
  type RunSummary,
  type ShardForecast,
  type ShardJob,
  type StageProgress,
} from '../../src/predict';
import { documentsOf, ingestedNight } from './night-lab';

const VMS = Array.from({ length: 7 }, (_, at) => `vm-00000${at}`);
const OPTIONS = { workers: 2, worker: { name: 'w' } };

/** The real planner with a fault planted in front of it. */
class FaultyPlanner extends WindowPlanner {
  constructor(
    private readonly real: WindowPlanner,
    private readonly fault: (forecast: ShardForecast) => void,
  ) {
    super();
  }

  override prepare(tenantId: string) {
    return this.real.prepare(tenantId);
  }

  override async candidates(forecast: ShardForecast, kernels: Kernels): Promise<ColumnTable> {
    this.fault(forecast);
    return this.real.candidates(forecast, kernels);
  }

  override choose(run: Run, shard: number, table: ColumnTable, kernels: Kernels) {
    return this.real.choose(run, shard, table, kernels);
  }

  override publish(run: Run, summary: Json, nowMs: number): Promise<void> {
    return this.real.publish(run, summary, nowMs);
  }
}

async function expectedDocuments(): Promise<readonly (string | undefined)[]> {
  const { night, request } = await ingestedNight(VMS.length);
  await runNight(request, night.ports, OPTIONS);
  return documentsOf(night, VMS);
}

describe('a night in which something breaks', () => {
  it('gives the VM that breaks its shard no windows and the reason, and its neighbours theirs', async () => {
    const { night, request } = await ingestedNight(VMS.length);
    const planner = new FaultyPlanner(night.ports.planner, ({ vms, abstentions }) => {
      const row = vms.findIndex((vm) => vm.vmId === 'vm-000004');
      if (row >= 0 && !abstentions.has(row)) throw new TypeError('no root of -4');
    });
    const run = await runNight(request, { ...night.ports, planner }, OPTIONS);
    const expected = [...(await expectedDocuments())];
    const found = [...(await documentsOf(night, VMS))];
    expect(found[4]).toContain('its data broke the forecast: no root of -4');
    expect([found.splice(4, 1), expected.splice(4, 1)].flat()).toHaveLength(2);
    expect(found).toEqual(expected);
    const summary = run.summary as unknown as RunSummary;
    expect(summary).toMatchObject({ vms: 7, documents: 7 });
    expect(summary.abstentions).toMatchObject({ 'its data broke the forecast: no root of -4': 1 });
  });

  it('publishes nothing when a segment is corrupt, and names the file', async () => {
    const { night, request } = await ingestedNight(VMS.length, 5, true);
    const [segment] = await night.rollups.segments(0, request.atMs, 300_000);
    const bytes = Uint8Array.from(await night.objects.get(segment.key));
    bytes[bytes.length >> 1] ^= 1;
    await night.objects.put(segment.key, bytes);
    await expect(runNight(request, night.ports, OPTIONS)).rejects.toThrow(segment.key);
    expect(await documentsOf(night, VMS)).toEqual(VMS.map(() => undefined));
    expect((await night.ledger.runs('north', 9)).map((run) => run.status)).toEqual(['failed']);
    expect(await night.ledger.published('north')).toBeUndefined();
  });

  it('outlasts an outage without blaming a VM for it', async () => {
    const { night, request } = await ingestedNight(VMS.length);
    let outages = 0;
    const planner = new FaultyPlanner(night.ports.planner, () => {
      outages += 1;
      if (outages <= 12) throw new DomainError('OBJECT_STORE_UNAVAILABLE', 'the store is away');
    });
    await runNight(request, { ...night.ports, planner }, OPTIONS);
    expect(outages).toBeGreaterThan(12);
    expect(await documentsOf(night, VMS)).toEqual(await expectedDocuments());
  });

  it('hands a shard out again when its worker died, and only then', async () => {
    const { night, clock, request } = await ingestedNight(VMS.length);
    const { run } = await startRun(request, night.ports);
    const given: ShardJob[] = [];
    night.ports.queue.add = async (jobs) => void given.push(...jobs);
    expect(await advanceRun(run, night.ports)).toBe('prepare');
    expect(given.splice(0)).toHaveLength(3);
    await night.ledger.lease(run.runId, 'prepare', 1, 'dead', clock.nowMs(), LEASE_MS);
    await advanceRun(run, night.ports);
    expect(given.splice(0).map((job) => job.shard)).toEqual([0, 2]);
    clock.advance(LEASE_MS);
    await advanceRun(run, night.ports);
    expect(given.splice(0).map((job) => job.shard)).toEqual([0, 1, 2]);
  });

  it('publishes once though the worker died between the flip and its note in the ledger', async () => {
    const { night, clock, request } = await ingestedNight(VMS.length);
    const { run } = await startRun(request, night.ports);
    let died = false;
    const ledger = Object.create(night.ledger) as typeof night.ledger;
    ledger.complete = (lease, result) => {
      if (lease.stage !== 'publish' || died) return night.ledger.complete(lease, result);
      died = true;
      return Promise.resolve(false);
    };
    const ports: NightPorts = { ...night.ports, ledger };
    const done = await runNight(request, ports, OPTIONS);
    expect([died, done.runId, done.status]).toEqual([true, run.runId, 'published']);
    clock.advance(LEASE_MS);
    await runShard({ runId: run.runId, stage: 'publish', shard: 0 }, night.ports, { name: 'late' });
    await night.ports.planner.publish(run, {}, clock.nowMs());
    expect(await night.feed.advance('north', 100)).toBe(VMS.length);
    expect(await documentsOf(night, VMS)).toEqual(await expectedDocuments());
  });

  it('does the work of a shard that was done already no second time', async () => {
    const { night, request } = await ingestedNight(VMS.length);
    const run = await runNight(request, night.ports, OPTIONS);
    const before = await night.ledger.shards(run.runId, 'forecast');
    await runShard({ runId: run.runId, stage: 'forecast', shard: 0 }, night.ports, { name: 'x' });
    expect(await night.ledger.shards(run.runId, 'forecast')).toEqual(before);
    await runShard({ runId: 'nothing', stage: 'forecast', shard: 0 }, night.ports, { name: 'x' });
  });

  it('reports every stage in order, and each of its shards', async () => {
    const { night, request } = await ingestedNight(VMS.length);
    const seen: (readonly StageProgress[])[] = [];
    const onProgress = (_: Run, stages: readonly StageProgress[]): number => seen.push(stages);
    await runNight(request, night.ports, { ...OPTIONS, onProgress });
    expect(seen.at(-1)?.map(({ stage, done, shards }) => [stage, done, shards])).toEqual([
      ['prepare', 3, 3],
      ['fleet', 1, 1],
      ['forecast', 3, 3],
      ['choose', 3, 3],
      ['publish', 1, 1],
    ]);
    const totals = seen.map((stages) => stages.reduce((sum, one) => sum + one.done, 0));
    expect(totals).toEqual(totals.toSorted((a, b) => a - b));
  });
});

describe("the explanation of a VM's choice", () => {
  it("gives a lone VM's losses as the night's errors", async () => {
    const { night, request } = await ingestedNight(1, 9);
    const run = await runNight(request, night.ports, OPTIONS);
    const losses = await readVmLosses(run, 'vm-000000', night.ports);
    const { errors } = run.summary as unknown as RunSummary;
    for (const [resolution, leads, stepName] of [
      ['hourly', '13-24', 'hourly'],
      ['fiveMinute', '145-288', 'five-minute'],
    ]) {
      const mine = losses.filter((one) => one.resolution === resolution && one.leads === leads);
      const errorsThere = errors.filter((one) => one.resolution === stepName);
      expect(mine.map((one) => one.member)).toEqual(errorsThere.map((one) => one.model));
      mine.forEach((one, at) => expect(one.pinballPct).toBeCloseTo(errorsThere[at].pinballPct, 4));
    }
  });
});
