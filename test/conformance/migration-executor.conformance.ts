// What every MigrationExecutor promises, whatever hypervisor stands behind it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileJournal } from '../../src/adapters/executors';
import { SystemClock } from '../../src/core';
import {
  executeWindow,
  recoverMigrations,
  type ExecutePorts,
  type ExecuteStep,
  type MigrationExecutor,
  type MigrationOrder,
  type Sight,
} from '../../src/migration';
import { LocalWindowService } from '../executors/execute-lab';

/** A hypervisor with one VM 'v' that can be migrated, and what a test may do to it. */
export interface ExecutorLab {
  /** As a new process has it: nothing remembered. */
  open(): MigrationExecutor;
  /** Migrations that the hypervisor was made to start. */
  starts(): number;
  succeed(): void;
  fail(words: string): void;
  /** Somebody else migrates the VM, from beginning to end. */
  migrateByOther(): void;
  /** Somebody else's migration of the VM runs. */
  otherRuns(): void;
  stopVm(): void;
  /** The hypervisor is silent or answers nonsense; undefined: it is well again. */
  break(how: 'silent' | 'nonsense' | 'forbidden' | undefined): void;
  /** The next start is heard, its answer lost; or it is lost before it is heard. */
  lose(what: 'answer' | 'question'): void;
  /** The next start is refused by the hypervisor. */
  refuseStart(words: string): void;
  /** All traces of migrations are gone, and the VM was migrated by somebody since. */
  forget(): void;
  close(): Promise<void>;
}

export const ORDER: MigrationOrder = {
  vmId: 'v',
  windowId: 'w-1',
  rank: 1,
  token: 3,
  mode: 'pre-copy',
  downtimeLimitMs: 300,
  notAfterMs: Date.now() + 3_600_000,
};

const LOOKS_MAX = 100;

/** Looks until the state is one of `states`. */
export async function lookUntil(
  executor: MigrationExecutor,
  evidence: Parameters<MigrationExecutor['look']>[1],
  states: readonly Sight['state'][],
  order = ORDER,
): Promise<Sight> {
  for (let looks = 0; ; looks += 1) {
    const sight = await executor.look(order, evidence);
    if (states.includes(sight.state)) return sight;
    if (looks >= LOOKS_MAX) throw new Error(`still ${JSON.stringify(sight)}`);
    await sleep(20);
  }
}

/** `told`: which measures this hypervisor tells of a migration that succeeded. */
export function migrationExecutorConformance(
  name: string,
  openLab: () => Promise<ExecutorLab>,
  told: { readonly downtime: boolean; readonly bytes: boolean },
): void {
  describe(`${name} as a MigrationExecutor`, () => {
    let lab: ExecutorLab;
    let executor: MigrationExecutor;
    const journals: FileJournal[] = [];

    beforeEach(async () => {
      lab = await openLab();
      executor = lab.open();
    });

    afterEach(async () => {
      for (const journal of journals.splice(0)) await journal.end();
      await executor.close();
      await lab.close();
    });

    it('prepares without a change, and shows what it will set', async () => {
      const { settings, evidence } = await executor.prepare(ORDER);
      expect(Object.keys(settings).length).toBeGreaterThan(0);
      expect(JSON.parse(JSON.stringify(evidence))).toEqual(evidence);
      expect(lab.starts()).toBe(0);
      expect(executor.vmIds).toEqual(['v']);
    });

    it('refuses a VM that it does not know, one that does not run, one that is on its way', async () => {
      const stranger = { ...ORDER, vmId: 'x' };
      const refused = { code: 'EXECUTOR_REFUSED' };
      await expect(executor.prepare(stranger)).rejects.toMatchObject({
        ...refused,
        message: expect.stringContaining("'x'") as string,
      });
      lab.otherRuns();
      await expect(executor.prepare(ORDER)).rejects.toMatchObject(refused);
      lab.succeed();
      lab.stopVm();
      await expect(executor.prepare(ORDER)).rejects.toMatchObject(refused);
      expect(lab.starts()).toBe(0);
    });

    it('starts once, sees it run, and reports the end; what is not told is absent, never 0', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      await lookUntil(executor, evidence, ['running']);
      lab.succeed();
      const sight = await lookUntil(executor, evidence, ['ended']);
      if (sight.state !== 'ended') throw new Error('not ended');
      expect(sight.report.status).toBe('completed');
      expect(sight.report.totalTimeMs).toBeGreaterThan(0);
      const { downtimeMs, bytesSent } = sight.report;
      expect([downtimeMs !== undefined, bytesSent !== undefined]).toEqual([
        told.downtime,
        told.bytes,
      ]);
      expect([downtimeMs ?? 1, bytesSent ?? 1]).not.toContain(0);
      expect(lab.starts()).toBe(1);
    });

    it('finds its migration again in a new process, running and ended', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      const later = lab.open();
      await lookUntil(later, evidence, ['running']);
      lab.succeed();
      const sight = await lookUntil(lab.open(), evidence, ['ended']);
      expect(sight).toMatchObject({ state: 'ended', report: { status: 'completed' } });
      await later.close();
    });

    it('does not take the end of an earlier migration for its own', async () => {
      lab.migrateByOther();
      const { evidence } = await executor.prepare(ORDER);
      expect(await lookUntil(lab.open(), evidence, ['ended', 'none'])).toMatchObject({
        state: 'none',
      });
    });

    it('finds the migration whose start was answered into the void', async () => {
      const { evidence } = await executor.prepare(ORDER);
      lab.lose('answer');
      const error = await executor.start(ORDER).catch((thrown: unknown) => thrown);
      if (error !== undefined) expect(error).not.toMatchObject({ code: 'EXECUTOR_REFUSED' });
      await lookUntil(executor, evidence, ['running']);
      expect(lab.starts()).toBe(1);
    });

    it('sees, after a while, that a start that was lost was never heard', async () => {
      const { evidence } = await executor.prepare(ORDER);
      lab.lose('question');
      const error = await executor.start(ORDER).catch((thrown: unknown) => thrown);
      if (error !== undefined) expect(error).not.toMatchObject({ code: 'EXECUTOR_REFUSED' });
      const sight = await lookUntil(executor, evidence, ['none', 'ended']);
      if (sight.state === 'ended') expect(sight.report.status).toBe('failed');
      expect(lab.starts()).toBe(0);
    });

    it('says what the hypervisor said when it refuses a start', async () => {
      const { evidence } = await executor.prepare(ORDER);
      lab.refuseStart('the moon is full');
      const error = await executor.start(ORDER).catch((thrown: unknown) => thrown);
      const refused = (error as { readonly code?: string } | undefined)?.code;
      const said =
        refused === 'EXECUTOR_REFUSED'
          ? String(error)
          : JSON.stringify(await lookUntil(executor, evidence, ['none', 'ended']));
      expect(said).toContain('the moon is full');
      expect(lab.starts()).toBe(0);
    });

    it('reports a failure with its cause and words', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      await lookUntil(executor, evidence, ['running']);
      lab.fail('Unable to write to socket: Connection reset by peer');
      const sight = await lookUntil(executor, evidence, ['ended']);
      expect(sight).toMatchObject({ report: { status: 'failed', cause: 'connection' } });
      if (sight.state !== 'ended') throw new Error('not ended');
      expect(sight.report.detail).toContain('reset by peer');
      expect(sight.report.downtimeMs).toBeUndefined();
    });

    it('cancels, and sees that it ended; a cancel of what is over throws nothing', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      await lookUntil(executor, evidence, ['running']);
      await executor.cancel(ORDER);
      const sight = await lookUntil(executor, evidence, ['ended']);
      expect(sight).toMatchObject({ report: { status: 'cancelled', cause: 'operator' } });
      await executor.cancel(ORDER);
    });

    it('cancels in a new process too', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      await lookUntil(executor, evidence, ['running']);
      const later = lab.open();
      await lookUntil(later, evidence, ['running']);
      await later.cancel(ORDER);
      const sight = await lookUntil(later, evidence, ['ended']);
      expect(sight).toMatchObject({ report: { status: 'cancelled' } });
    });

    it('says unknown where the traces are gone', async () => {
      const { evidence } = await executor.prepare(ORDER);
      await executor.start(ORDER);
      lab.forget();
      const later = lab.open();
      for (let looks = 0; looks < 15; looks += 1) {
        expect(await later.look(ORDER, evidence)).toMatchObject({ state: 'unknown' });
        await sleep(20);
      }
    });

    it.each(['silent', 'nonsense'] as const)(
      'names a hypervisor that is %s, in time, at every call',
      async (how) => {
        const { evidence } = await executor.prepare(ORDER);
        await executor.start(ORDER);
        await lookUntil(executor, evidence, ['running']);
        lab.break(how);
        const unreachable = { code: 'EXECUTOR_UNREACHABLE' };
        const begunMs = performance.now();
        await expect(lab.open().prepare(ORDER)).rejects.toMatchObject(unreachable);
        const seen = await executor.look(ORDER, evidence).catch((error: unknown) => error);
        if (seen instanceof Error) expect(seen).toMatchObject(unreachable);
        else expect(seen).toMatchObject({ state: 'unknown' });
        expect(performance.now() - begunMs).toBeLessThan(20_000);
      },
    );

    async function window(at: (step: ExecuteStep) => void = () => undefined) {
      const service = new LocalWindowService();
      const open = await service.publish('v', 'pre-copy', 60_000);
      const path = join(mkdtempSync(join(tmpdir(), 'slackwater-journal-')), 'journal');
      const ports = async (hooks: Partial<ExecutePorts>): Promise<ExecutePorts> => {
        const journal = await FileJournal.at(path);
        journals.push(journal);
        const clock = new SystemClock();
        return { service, executor, journal, clock, sleep: (ms) => sleep(ms), ...hooks };
      };
      const settings = { name: 'e-1', leaseMs: 5_000, pollMs: 10, downtimeLimitMs: 300 };
      const run = async () =>
        executeWindow(await ports({ at }), settings, open.content, open.window);
      /** The process was killed and starts again. */
      const recover = async () =>
        recoverMigrations(await ports({ executor: lab.open() }), settings);
      return { service, run, recover };
    }

    const crashAt =
      (killedAt: ExecuteStep) =>
      (step: ExecuteStep): void => {
        if (step === killedAt) throw new Error('killed');
      };

    it('makes an outcome of an open window', async () => {
      const { service, run } = await window((step) => {
        if (step === 'asked') setTimeout(() => lab.succeed(), 100);
      });
      await run();
      const [{ outcome }] = await service.outcomes();
      expect(outcome).toMatchObject({ status: 'completed', kind: executor.kind, vmId: 'v' });
      expect(outcome.downtimeMs !== undefined).toBe(told.downtime);
    });

    it.each<[ExecuteStep, string, number]>([
      ['written', 'refused', 0],
      ['allowed', 'refused', 0],
      ['asked', 'completed', 1],
      ['ended', 'completed', 1],
      ['reported', 'completed', 1],
    ])('is asked what became of it after a crash at "%s": %s', async (step, status, starts) => {
      const { service, run, recover } = await window((at) => {
        if (at === 'asked') setTimeout(() => lab.succeed(), 100);
        crashAt(step)(at);
      });
      await expect(run()).rejects.toThrow('killed');
      await recover();
      expect(await service.outcomes()).toMatchObject([{ outcome: { status } }]);
      expect(lab.starts()).toBe(starts);
      await expect(run()).rejects.toMatchObject({ code: 'WINDOW_STARTED' });
      expect(lab.starts()).toBe(starts);
    });

    it('reports unknown after a crash where the hypervisor cannot tell', async () => {
      const { service, run, recover } = await window(crashAt('asked'));
      await expect(run()).rejects.toThrow('killed');
      lab.forget();
      await recover();
      const [{ outcome }] = await service.outcomes();
      expect(outcome).toMatchObject({ status: 'unknown', vmId: 'v' });
      expect(outcome.downtimeMs).toBeUndefined();
    });
  });
}
