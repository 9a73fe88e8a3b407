import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileJournal, QemuExecutor } from '../../src/adapters/executors';
import { MemoryObjectStore, MemoryOutcomeStore } from '../../src/adapters/embedded';
import { SystemClock } from '../../src/core';
import { correctCopy, type CopyCost } from '../../src/kernels';
import {
  CostLearner,
  CostPredictor,
  executeWindow,
  recoverMigrations,
  type ExecutePorts,
  type ExecuteSettings,
  type ExecuteStep,
  type OutcomeReceipt,
  type RankedWindow,
  type StoredOutcome,
} from '../../src/migration';
import { LocalWindowService } from './execute-lab';
import { buildGuest, QemuPair, whyNoQemu, type GuestLoad } from '../../src/app/demo/qemu-pair';

const why = whyNoQemu();
const real = why === undefined ? describe : describe.skip;
const MIB = 2 ** 20;
const BOOT_MS = 500; // the guest fills its memory

real(
  `real migrations between two QEMU processes${why === undefined ? '' : ` (skipped: ${why})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-guest-'));
    let image = '';
    const pairs: QemuPair[] = [];
    const journals: FileJournal[] = [];

    beforeAll(() => {
      image = buildGuest(folder);
    });

    afterEach(async () => {
      for (const journal of journals.splice(0)) await journal.end();
      for (const pair of pairs.splice(0)) await pair.end();
    });

    interface Trial {
      readonly load: GuestLoad;
      readonly mode?: RankedWindow['advice']['mode'];
      readonly lengthMs?: number;
      readonly limitMs?: number;
      readonly bandwidthMib?: number;
      readonly destinationMib?: number;
      /** While it runs, `afterMs` after the start. */
      readonly meanwhile?: (pair: QemuPair, executor: QemuExecutor, windowId: string) => unknown;
      readonly at?: (step: ExecuteStep) => void;
    }

    async function prepared(trial: Trial) {
      const pair = await new QemuPair(image, trial.load, trial.destinationMib).ready();
      pairs.push(pair);
      await new Promise((done) => setTimeout(done, BOOT_MS));
      const service = new LocalWindowService();
      service.facts = { vcpus: 1, memoryBytes: trial.load.memoryMib * MIB };
      const executor = new QemuExecutor({ v: pair.vm });
      const path = join(pair.folder, 'journal');
      const ports = async (hooks: Partial<ExecutePorts> = {}): Promise<ExecutePorts> => {
        const journal = await FileJournal.at(path);
        journals.push(journal);
        return {
          service,
          executor: new QemuExecutor({ v: pair.vm }),
          journal,
          clock: new SystemClock(),
          sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
          ...hooks,
        };
      };
      const settings: ExecuteSettings = {
        name: 'e-1',
        leaseMs: 5_000,
        pollMs: 50,
        downtimeLimitMs: trial.limitMs ?? 200,
        bandwidthBytesPerSec: (trial.bandwidthMib ?? 32) * MIB,
      };
      const open = await service.publish('v', trial.mode ?? 'pre-copy', trial.lengthMs ?? 30_000);
      return { pair, service, executor, ports, settings, ...open };
    }

    async function migrated(
      trial: Trial,
    ): Promise<StoredOutcome & { readonly receipt: OutcomeReceipt }> {
      const { pair, service, executor, ports, settings, content, window } = await prepared(trial);
      const hooks = await ports({ executor, at: trial.at });
      const timer = setTimeout(() => void trial.meanwhile?.(pair, executor, content.id), 500);
      const receipt = await executeWindow(hooks, settings, content, window);
      clearTimeout(timer);
      await executor.close();
      const stored = await service.outcomes();
      expect(stored).toHaveLength(1);
      told.push(stored[0]);
      expect(hooks.journal.unfinished()).toEqual([]);
      return { ...stored[0], receipt };
    }

    const told: StoredOutcome[] = [];
    const pausesMs: (number | undefined)[] = [];
    const SMALL = { memoryMib: 64, usedMib: 16 };
    const BUSY = { memoryMib: 64, usedMib: 32, pages: 7_000, rate: 200 };

    it.each<[string, Trial]>([
      ['an idle guest', { load: SMALL }],
      ['a guest that writes a little', { load: { ...SMALL, pages: 500, rate: 1 } }],
      ['a tight limit of 50 ms', { load: { ...SMALL, pages: 500, rate: 1 }, limitMs: 50 }],
      ['a limit of a second', { load: { ...SMALL, pages: 2_000, rate: 4 }, limitMs: 1_000 }],
      ['memory that is mostly zero', { load: { memoryMib: 512, usedMib: 8 } }],
      ['a small working set written fast', { load: { ...SMALL, pages: 200, rate: 100 } }],
      [
        'auto-converge',
        {
          load: { ...BUSY, rate: 40, waitKilocycles: 4_000 },
          mode: 'auto-converge',
          bandwidthMib: 96,
        },
      ],
    ])('completes with measured time, pause, and bytes: %s', async (_name, trial) => {
      const { outcome, receipt } = await migrated(trial);
      expect(outcome).toMatchObject({ status: 'completed', kind: 'qemu' });
      expect(outcome.totalTimeMs).toBeGreaterThan(10);
      pausesMs.push(outcome.downtimeMs);
      expect(outcome.bytesSent).toBeGreaterThan(trial.load.usedMib * MIB * 0.9);
      expect(outcome.bytesSent).toBeLessThan(trial.load.usedMib * MIB * 30);
      // QEMU counts whole milliseconds: the pause of a quiet guest may be 0, which is unknown.
      const unknown = outcome.downtimeMs === undefined ? ['downtimeMs'] : [];
      expect(receipt).toMatchObject({ kept: 'new', unknown, learned: true });
    });

    it('measured the pause of at least half of them, and none is 0', () => {
      const measured = pausesMs.filter((pauseMs) => pauseMs !== undefined);
      expect(measured.length).toBeGreaterThanOrEqual(pausesMs.length / 2);
      expect(Math.min(...measured)).toBeGreaterThan(0);
    });

    it('measures the pause of post-copy from STOP to RESUME', async () => {
      const { outcome } = await migrated({ load: BUSY, mode: 'post-copy' });
      expect(outcome).toMatchObject({ status: 'completed', mode: 'post-copy' });
      expect(outcome.downtimeMs).toBeGreaterThan(3); // QEMU itself says 1 or 2 ms
    });

    it('cancels at the end of the window what does not converge; the source runs on', async () => {
      const { outcome, receipt } = await migrated({ load: BUSY, lengthMs: 4_000 });
      expect(outcome).toMatchObject({ status: 'cancelled', cause: 'no-convergence' });
      expect(outcome.detail).toContain('the source is running');
      expect(outcome.downtimeMs).toBeUndefined();
      expect(receipt).toMatchObject({ flags: ['not-completed'], learned: false });
    });

    it('ends as cancelled when an operator cancels it', async () => {
      const { outcome } = await migrated({
        load: BUSY,
        meanwhile: (_pair, executor, windowId) =>
          executor.cancel({
            vmId: 'v',
            windowId,
            rank: 1,
            token: 1,
            mode: 'pre-copy',
            downtimeLimitMs: 1,
            notAfterMs: 0,
          }),
      });
      expect(outcome).toMatchObject({ status: 'cancelled', cause: 'operator' });
    });

    it('fails with its cause when the destination dies; the source runs on', async () => {
      const { outcome } = await migrated({
        load: BUSY,
        meanwhile: (pair) => pair.destination.kill('SIGKILL'),
      });
      expect(outcome).toMatchObject({ status: 'failed', cause: 'connection' });
      expect(outcome.detail).toContain('the source is running');
    });

    it('finds the reason of a destination of another size in its log', async () => {
      const { outcome } = await migrated({ load: SMALL, destinationMib: 128 });
      expect(outcome).toMatchObject({ status: 'failed', cause: 'incompatible' });
      expect(outcome.detail).toMatch(/mismatch/i);
    });

    it('teach the next night what migrations of this machine cost', async () => {
      const outcomes = new MemoryOutcomeStore();
      for (const { position: _, ...record } of told) await outcomes.put('north', record);
      const learner = new CostLearner(outcomes, new MemoryObjectStore());
      const learned = await learner.corrections('north', await learner.learn('north'));
      const seen = told.filter(
        ({ outcome, conditions }) =>
          outcome.status === 'completed' &&
          conditions?.mode === 'pre-copy' &&
          conditions.memoryBytes === SMALL.memoryMib * MIB,
      );
      expect(seen.length).toBeGreaterThanOrEqual(4);
      const subject = { vmId: 'v', vcpus: 1, memoryBytes: SMALL.memoryMib * MIB };
      const plain = new CostPredictor().predict(subject, 5, 'pre-copy');
      const corrected = correctCopy(plain, 'pre-copy', learned!.rows([subject]));
      const errorOf = ({ totalTimeMs }: CopyCost): number =>
        seen.reduce(
          (sum, { outcome }) => sum + Math.abs(Math.log(outcome.totalTimeMs! / totalTimeMs.p50)),
          0,
        ) / seen.length;
      expect(errorOf(corrected)).toBeLessThan(errorOf(plain));
      expect(learned!.source(subject, 'pre-copy').depth).toBe(4);
    });

    it('gives the window back where a hypervisor cannot be reached', async () => {
      const { pair, service, ports, settings, content, window } = await prepared({ load: SMALL });
      const executor = new QemuExecutor({ v: { ...pair.vm, destination: '/nowhere.qmp' } });
      await expect(
        executeWindow(await ports({ executor }), settings, content, window),
      ).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' });
      await executor.close();
      expect(await service.claim(content.id, { vmId: 'v', rank: 1, leaseMs: 1_000 })).toMatchObject(
        {
          token: 2,
        },
      );
    });

    it('finds after a crash what became of the migration, and never starts it again', async () => {
      const { service, executor, ports, settings, content, window } = await prepared({
        load: SMALL,
      });
      const crash = (step: ExecuteStep): void => {
        if (step === 'asked') throw new Error('crash');
      };
      await expect(
        executeWindow(await ports({ executor, at: crash }), settings, content, window),
      ).rejects.toThrow('crash');
      await executor.close();
      const later = await ports();
      expect(await recoverMigrations(later, settings)).toMatchObject([{ kept: 'new' }]);
      expect(await service.outcomes()).toMatchObject([{ outcome: { status: 'completed' } }]);
      await expect(executeWindow(later, settings, content, window)).rejects.toMatchObject({
        code: 'WINDOW_STARTED',
      });
      await later.executor.close();
    });

    it('says unknown where both processes are gone', async () => {
      const { pair, service, executor, ports, settings, content, window } = await prepared({
        load: BUSY,
      });
      const crash = (step: ExecuteStep): void => {
        if (step === 'asked') throw new Error('crash');
      };
      await expect(
        executeWindow(await ports({ executor, at: crash }), settings, content, window),
      ).rejects.toThrow('crash');
      await executor.close();
      pair.source.kill('SIGKILL');
      pair.destination.kill('SIGKILL');
      await new Promise((done) => setTimeout(done, 200));
      const later = await ports({ sleep: () => Promise.resolve() });
      expect(await recoverMigrations(later, settings)).toMatchObject([{ learned: false }]);
      const [{ outcome }] = await service.outcomes();
      expect(outcome).toMatchObject({ status: 'unknown' });
      expect(outcome.downtimeMs).toBeUndefined();
    });
  },
);
