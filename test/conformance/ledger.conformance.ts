// What every Ledger promises; adapters run it on stores that know the tenant 'north'.
import type { Ledger, Run, RunPlan } from '../../src/predict';

export interface LedgerLab {
  readonly ledger: Ledger;
  /** What publication does to the run, in the window store's transaction. */
  readonly publish: (run: Run) => Promise<void>;
  readonly close: () => Promise<void>;
}

const NOW_MS = 1_700_000_000_000;
const LEASE_MS = 10_000;

function planOf(vmCount: number): RunPlan {
  return {
    cutoffMs: NOW_MS,
    timeZone: 'UTC',
    vmCount,
    shardSize: 2,
    seed: 1,
    isa: 'avx2',
    backend: 'native',
    codeVersion: '0',
    hourlyModels: ['naive'],
    fiveMinuteModels: ['naive'],
  };
}

export function ledgerConformance(name: string, open: () => Promise<LedgerLab>): void {
  describe(`${name} as a Ledger`, () => {
    let lab: LedgerLab;
    let ledger: Ledger;
    beforeEach(async () => {
      lab = await open();
      ledger = lab.ledger;
    });
    afterEach(async () => lab?.close());

    const start = (
      runDate = '2026-11-24',
      again = false,
      vmIds: readonly string[] = ['a', 'b', 'c'],
    ) =>
      ledger.openRun({
        tenantId: 'north',
        runDate,
        again,
        plan: planOf(vmIds.length),
        vmIds,
        nowMs: NOW_MS,
      });

    it('joins the running attempt of the same runDate', async () => {
      const first = await start();
      const second = await start('2026-11-24', true);
      expect([first.joined, second.joined]).toEqual([false, true]);
      expect(second.run).toEqual(first.run);
      expect(first.run).toMatchObject({ attempt: 1, status: 'running', startedMs: NOW_MS });
    });

    it('lets two starts at once open one attempt', async () => {
      const runs = await Promise.all([start(), start(), start()]);
      expect(new Set(runs.map(({ run }) => run.runId)).size).toBe(1);
      expect(runs.filter(({ joined }) => !joined)).toHaveLength(1);
    });

    it('gives the published attempt again unless a new one is asked for', async () => {
      const { run } = await start();
      await lab.publish(run);
      expect(await start()).toMatchObject({
        joined: true,
        run: { attempt: 1, status: 'published' },
      });
      expect(await start('2026-11-24', true)).toMatchObject({ joined: false, run: { attempt: 2 } });
    });

    it('starts a new attempt after a failed one', async () => {
      const { run } = await start();
      await ledger.failRun(run.runId, 'the disk', NOW_MS + 5);
      expect(await ledger.run(run.runId)).toMatchObject({
        status: 'failed',
        failure: 'the disk',
        endedMs: NOW_MS + 5,
      });
      expect(await start()).toMatchObject({ joined: false, run: { attempt: 2 } });
    });

    it('keeps the list of VMs across chunks, in its order', async () => {
      const vmIds = Array.from({ length: 2_345 }, (_, at) => `vm-${String(at).padStart(5, '0')}`);
      const { run } = await start('2026-11-24', false, vmIds);
      expect(await ledger.vmIds(run.runId, 0, 2_345)).toEqual(vmIds);
      expect(await ledger.vmIds(run.runId, 998, 4)).toEqual(vmIds.slice(998, 1_002));
      expect(await ledger.vmIds(run.runId, 2_344, 10)).toEqual(vmIds.slice(2_344));
      expect(await ledger.vmIds(run.runId, 9_999, 1)).toEqual([]);
    });

    it('lists runs newest first, those that run, and the newest that is published', async () => {
      const old = await start('2026-11-22');
      await lab.publish(old.run);
      const newer = await start('2026-11-23');
      await lab.publish(newer.run);
      const running = await start('2026-11-24');
      expect((await ledger.runs('north', 2)).map((run) => run.runDate)).toEqual([
        '2026-11-24',
        '2026-11-23',
      ]);
      expect((await ledger.running()).map((run) => run.runId)).toEqual([running.run.runId]);
      expect((await ledger.published('north'))?.runDate).toBe('2026-11-23');
      expect(await ledger.published('south')).toBeUndefined();
      expect(await ledger.run('nothing')).toBeUndefined();
    });

    const ranges = [
      { firstVm: 0, vmCount: 2 },
      { firstVm: 2, vmCount: 1 },
    ];

    it('plans a stage once: a second plan changes nothing', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      await ledger.planStage(run.runId, 'prepare', [{ firstVm: 0, vmCount: 3 }]);
      const shards = await ledger.shards(run.runId, 'prepare');
      expect(
        shards.map(({ shard, firstVm, vmCount, state }) => [shard, firstVm, vmCount, state]),
      ).toEqual([
        [0, 0, 2, 'open'],
        [1, 2, 1, 'open'],
      ]);
      expect(await ledger.shards(run.runId, 'forecast')).toEqual([]);
    });

    it('leases a shard to one worker until the lease runs out', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      const lease = (worker: string, nowMs: number) =>
        ledger.lease(run.runId, 'prepare', 1, worker, nowMs, LEASE_MS);
      const mine = await lease('w1', NOW_MS);
      expect(mine).toEqual({
        runId: run.runId,
        stage: 'prepare',
        shard: 1,
        firstVm: 2,
        vmCount: 1,
        attempts: 1,
        worker: 'w1',
      });
      expect(await lease('w2', NOW_MS + LEASE_MS - 1)).toBeUndefined();
      expect(await lease('w2', NOW_MS + LEASE_MS)).toMatchObject({ attempts: 2, worker: 'w2' });
    });

    it('gives one of many that ask at once the lease', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      const asked = Array.from({ length: 8 }, (_, at) =>
        ledger.lease(run.runId, 'prepare', 0, `w${at}`, NOW_MS, LEASE_MS),
      );
      expect((await Promise.all(asked)).filter((one) => one !== undefined)).toHaveLength(1);
    });

    it('refuses the result of a worker whose lease was taken over', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      const late = await ledger.lease(run.runId, 'prepare', 0, 'w1', NOW_MS, LEASE_MS);
      const now = await ledger.lease(run.runId, 'prepare', 0, 'w2', NOW_MS + LEASE_MS, LEASE_MS);
      if (late === undefined || now === undefined) throw new Error('both should have had a lease');
      expect(await ledger.complete(late, { from: 'w1' })).toBe(false);
      expect(await ledger.renew(late, NOW_MS, LEASE_MS)).toBe(false);
      expect(await ledger.complete(now, { from: 'w2', list: [1, 2] })).toBe(true);
      expect(await ledger.complete(now, { from: 'again' })).toBe(false);
      const [shard] = await ledger.shards(run.runId, 'prepare');
      expect(shard).toMatchObject({ state: 'done', result: { from: 'w2', list: [1, 2] } });
      expect(
        await ledger.lease(run.runId, 'prepare', 0, 'w3', NOW_MS + 1e9, LEASE_MS),
      ).toBeUndefined();
    });

    it('keeps a renewed lease beyond its first end', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      const mine = await ledger.lease(run.runId, 'prepare', 0, 'w1', NOW_MS, LEASE_MS);
      if (mine === undefined) throw new Error('it was free');
      expect(await ledger.renew(mine, NOW_MS + 9_000, LEASE_MS)).toBe(true);
      expect(
        await ledger.lease(run.runId, 'prepare', 0, 'w2', NOW_MS + 15_000, LEASE_MS),
      ).toBeUndefined();
    });

    it('opens a released shard again until its attempts are used up, then it failed with the reason', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'prepare', ranges);
      for (const state of ['open', 'failed']) {
        const mine = await ledger.lease(run.runId, 'prepare', 0, 'w1', NOW_MS, LEASE_MS);
        if (mine === undefined) throw new Error('it was free');
        await ledger.release(mine, `reason ${mine.attempts}`, 2);
        const [shard] = await ledger.shards(run.runId, 'prepare');
        expect(shard).toMatchObject({ state, failure: `reason ${mine.attempts}` });
      }
      expect(await ledger.lease(run.runId, 'prepare', 0, 'w1', NOW_MS, LEASE_MS)).toBeUndefined();
    });

    it('counts progress by stage in the order of the stages', async () => {
      const { run } = await start();
      await ledger.planStage(run.runId, 'fleet', [{ firstVm: 0, vmCount: 3 }]);
      await ledger.planStage(run.runId, 'prepare', ranges);
      const mine = await ledger.lease(run.runId, 'prepare', 0, 'w1', NOW_MS, LEASE_MS);
      if (mine !== undefined) await ledger.complete(mine, {});
      await ledger.lease(run.runId, 'prepare', 1, 'w1', NOW_MS, LEASE_MS);
      expect(await ledger.progress(run.runId)).toEqual([
        { stage: 'prepare', shards: 2, done: 1, failed: 0, leased: 1 },
        { stage: 'fleet', shards: 1, done: 0, failed: 0, leased: 0 },
      ]);
    });
  });
}
