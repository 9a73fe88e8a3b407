import { pino } from 'pino';
import { MemoryTrainingOrders } from '../../../src/adapters/embedded';
import type { Service } from '../../../src/app/composition/service';
import { memoryNight, type MemoryNight } from '../../../src/app/files/memory-night';
import { Metrics } from '../../../src/app/metrics';
import { trainerRole } from '../../../src/app/roles/trainer-role';
import { ManualClock } from '../../../src/core';
import type { RunPlan } from '../../../src/predict';
import { END_MS, registryLab } from '../../predict/registry/registry-lab';

const DAY_MS = 86_400_000;

/** A trainer on ports in memory; its fleet has a day of history, so that every training ends at once. */
class TrainerLab {
  readonly clock = new ManualClock(END_MS);
  readonly trainings = new MemoryTrainingOrders();
  readonly night: MemoryNight = memoryNight('reference', this.clock);
  private readonly signal = new AbortController().signal;
  private readonly role: (signal: AbortSignal) => Promise<void>;

  constructor(config: { readonly NIGHT_AT?: string; readonly TRAIN_EVERY_DAYS?: number } = {}) {
    const { kernels, ports } = this.night;
    const { registry, tenant } = registryLab(1);
    this.role = trainerRole({
      config: {
        TENANT: 'north',
        NIGHT_AT: '22:00',
        TRAIN_EVERY_DAYS: 7,
        TRAIN_PROMOTE: 'gate',
        ...config,
      },
      clock: this.clock,
      trainings: this.trainings,
      models: registry,
      kernels,
      ports: { ...ports, tenant },
      metrics: new Metrics(),
      log: pino({ level: 'silent' }),
    } as unknown as Service);
  }

  look(): Promise<void> {
    return this.role(this.signal);
  }

  /** Of a night; it runs until `end` is called. */
  async startNight(runDate: string): Promise<() => void> {
    const plan = { vmCount: 0, cutoffMs: END_MS } as RunPlan;
    const request = { tenantId: 'north', runDate, again: false, plan, vmIds: [], nowMs: END_MS };
    const { run } = await this.night.ledger.openRun(request);
    return () => this.night.ledger.markPublished(run.runId, {}, this.clock.nowMs());
  }
}

describe('the trainer', () => {
  it('orders nothing before a first night was published', async () => {
    const lab = new TrainerLab();
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toEqual([]);
  });

  it.each([[{ NIGHT_AT: 'off' }], [{ TRAIN_EVERY_DAYS: 0 }]])(
    'orders nothing by itself with %j',
    async (config) => {
      const lab = new TrainerLab(config);
      (await lab.startNight('2026-11-24'))();
      await lab.look();
      expect(await lab.trainings.list('north', 9)).toEqual([]);
    },
  );

  it('orders both boosters at both steps after a night, and says why the training failed', async () => {
    const lab = new TrainerLab();
    (await lab.startNight('2026-11-24'))();
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toEqual([
      expect.objectContaining({
        names: ['boosted', 'boosted-blend'],
        stepSecs: [3_600, 300],
        atMs: END_MS,
        promote: true,
        who: 'calendar',
        state: 'failed',
        failure: '1 days of history; 25 are needed to train models and to measure them',
      }),
    ]);
  });

  it('tries a failed training again the next day, a good one after a week', async () => {
    const lab = new TrainerLab();
    (await lab.startNight('2026-11-24'))();
    await lab.look();
    await lab.clock.advance(DAY_MS / 2);
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toHaveLength(1);
    (await lab.startNight('2026-11-25'))();
    await lab.clock.advance(DAY_MS / 2);
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toHaveLength(2);
  });

  it('starts no training while a night runs', async () => {
    const lab = new TrainerLab();
    (await lab.startNight('2026-11-24'))();
    const end = await lab.startNight('2026-11-25');
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toMatchObject([{ state: 'open', attempts: 0 }]);
    end();
    await lab.look();
    expect(await lab.trainings.list('north', 9)).toMatchObject([{ state: 'failed', attempts: 1 }]);
  });

  it('gives an order up that three processes did not survive', async () => {
    const lab = new TrainerLab({ TRAIN_EVERY_DAYS: 0 });
    const order = { names: ['boosted'], stepSecs: [3_600], seed: 1, atMs: END_MS, promote: false };
    const told = { orderId: 'o', who: 'operator', why: 'x', requestedMs: END_MS };
    await lab.trainings.add('north', { ...order, ...told });
    for (let crash = 0; crash < 3; crash += 1) await lab.trainings.take();
    await lab.look();
    expect(await lab.trainings.list('north', 1)).toMatchObject([
      { state: 'failed', failure: '3 processes ended while they trained it' },
    ]);
  });
});
