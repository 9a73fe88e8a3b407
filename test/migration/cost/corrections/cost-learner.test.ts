// Outcomes become corrections, one by one, and nights read them as they were when they began.
import {
  MemoryFeedStore,
  MemoryObjectStore,
  MemoryOutcomeStore,
  MemoryWindowStore,
} from '../../../../src/adapters/embedded';
import { uniform } from '../../../../src/core';
import { openKernels, type CopyMode } from '../../../../src/kernels';
import {
  CostLearner,
  CostPredictor,
  factOf,
  forgetOldest,
  NightWindowPlanner,
  parseWindowContent,
  PLAN_DEFAULTS,
  reportCorrections,
  type CorrectionSubject,
  type Outcome,
  type OutcomeRecord,
} from '../../../../src/migration';
import { dayShard } from '../../day-shard';
import { recordOf } from '../../outcomes/outcome-cases';

const GIB = 2 ** 30;
const LOAD_PCT = 20;
const physics = new CostPredictor();

/** A migration of `vmId` that took `times` as long as physics says, sent as much, paused as long. */
function migrated(
  id: string,
  { vmId, ...facts }: CorrectionSubject,
  times: number,
  more: Partial<Outcome> = {},
  mode: CopyMode = 'pre-copy',
): OutcomeRecord {
  const plain = physics.predict({ ...facts }, LOAD_PCT, mode);
  const record = recordOf({
    id,
    vmId,
    totalTimeMs: Math.round(plain.totalTimeMs.p50 * times),
    downtimeMs: Math.round(plain.downtimeMs.p50 * times),
    bytesSent: Math.round(plain.bytesSent.p50 * times),
    startedAtMs: Date.UTC(2026, 10, 20),
    ...more,
  });
  return { ...record, conditions: { mode, loadPct: LOAD_PCT, ...facts } };
}

function open() {
  const outcomes = new MemoryOutcomeStore();
  const files = new MemoryObjectStore();
  return { outcomes, files, learner: new CostLearner(outcomes, files) };
}

const subject = (vmId: string): CorrectionSubject => ({
  vmId,
  host: 'h-1',
  vcpus: 2,
  memoryBytes: 8 * GIB,
});

const timeOf = async (learner: CostLearner, key: string | undefined, of: CorrectionSubject) =>
  (await learner.corrections('north', key))?.rows([of])[0];

describe('the learner of costs', () => {
  it('has nothing to say before the first migration', async () => {
    const { learner, outcomes, files } = open();
    expect(await learner.learn('north')).toBeUndefined();
    await outcomes.put('north', recordOf({ status: 'refused' }));
    expect(await learner.learn('north')).toBeUndefined();
    expect(await files.list('')).toEqual([]);
    expect(await learner.corrections('north', undefined)).toBeUndefined();
  });

  it('believes the migrations of a VM at once, those of others when they held for the next VM', async () => {
    const { learner, outcomes } = open();
    await outcomes.put('north', migrated('o-0', subject('v-0'), 3));
    const first = await learner.learn('north');
    expect(await timeOf(learner, first, subject('v-0'))).toBeGreaterThan(1.5);
    expect(await timeOf(learner, first, subject('v-9'))).toBe(1);
    for (let i = 1; i <= 12; i += 1) {
      await outcomes.put('north', migrated(`o-${i}`, subject(`v-${i}`), 3));
    }
    const later = await learner.learn('north');
    expect(await timeOf(learner, later, subject('w'))).toBeGreaterThan(2);
    const rows = await learner.corrections('north', later);
    expect(rows?.source(subject('w'), 'pre-copy')).toEqual({
      depth: 3,
      migrations: 13,
      lastMs: Date.UTC(2026, 10, 20),
    });
    expect(rows?.source(subject('v-0'), 'pre-copy')).toMatchObject({ depth: 4, migrations: 1 });
    expect(rows?.source(subject('v-0'), 'post-copy').depth).toBe(0);
  });

  it('benches a correction that is worse than plain physics, and says so', async () => {
    const { learner, outcomes } = open();
    for (let i = 0; i < 40; i += 1) {
      // each VM goes the other way than the one before it: no correction of another VM helps
      const times = i % 2 === 0 ? 4 : 0.25;
      await outcomes.put('north', migrated(`o-${i}`, subject(`v-${i}`), times));
    }
    const key = await learner.learn('north');
    expect(await timeOf(learner, key, subject('w'))).toBe(1);
    const report = reportCorrections(await learner.state('north'));
    expect(report.filter(({ benched }) => benched)).toContainEqual(
      expect.objectContaining({ measure: 'totalTimeMs', level: 'flavour', believedShare: 0 }),
    );
  });

  it('learns where a VM does not converge, and not from an operator who cancels', async () => {
    const { learner, outcomes } = open();
    const failed = { status: 'failed', cause: 'no-convergence' } as const;
    await outcomes.put('north', migrated('o-1', subject('v-1'), 1, failed));
    await outcomes.put('north', migrated('o-2', subject('v-2'), 1, { status: 'cancelled' }));
    const rows = await learner.corrections('north', await learner.learn('north'));
    const successOf = (vmId: string) => rows?.rows([subject(vmId)])[6] ?? 0;
    expect(successOf('v-1')).toBeLessThan(-0.4);
    expect(successOf('v-2')).toBeGreaterThan(successOf('v-1'));
    expect((await learner.state('north')).migrations).toBe(1);
  });

  it('learns nothing from what is flagged, unknown, or of unknown conditions', () => {
    const stored = { ...migrated('o-1', subject('v-1'), 1), position: 1 };
    expect(factOf(stored)).toBeDefined();
    const { conditions: _, ...unknown } = stored;
    expect(factOf(unknown)).toBeUndefined();
    const flagged = { ...stored.judgement, flags: ['unit-error'] as const };
    expect(factOf({ ...stored, judgement: flagged })).toBeUndefined();
    const outcome = { ...stored.outcome, status: 'unknown' } as const;
    expect(factOf({ ...stored, outcome })).toBeUndefined();
  });

  it('learns each outcome once, whether in one night or in many, and the same of a lost state', async () => {
    const put = async (outcomes: MemoryOutcomeStore, from: number, to: number) => {
      for (let i = from; i < to; i += 1) {
        const times = Math.exp(uniform(4, i) - 0.5);
        await outcomes.put('north', migrated(`o-${i}`, subject(`v-${i % 7}`), times));
      }
    };
    const many = open();
    for (let night = 0; night < 6; night += 1) {
      await put(many.outcomes, night * 10, night * 10 + 10);
      await many.learner.learn('north');
    }
    const last = await many.learner.learn('north'); // nothing came: the same key
    const once = open();
    await put(once.outcomes, 0, 60);
    const key = await once.learner.learn('north');
    expect(key).toBe(last);
    const bytes = await many.files.get(key!);
    expect(Buffer.from(await once.files.get(key!)).equals(Buffer.from(bytes))).toBe(true);
    await once.files.delete(key!);
    const again = new CostLearner(once.outcomes, once.files);
    const rebuilt = await again.corrections('north', key);
    expect(JSON.stringify(rebuilt?.state)).toBe(Buffer.from(bytes).toString());
  });

  it('gives a run what was known when it began, whatever came since', async () => {
    const { learner, outcomes } = open();
    await outcomes.put('north', migrated('o-1', subject('v'), 3));
    const began = await learner.learn('north');
    const before = await timeOf(learner, began, subject('v'));
    for (let i = 2; i < 30; i += 1) {
      await outcomes.put('north', migrated(`o-${i}`, subject('v'), 0.5));
      await learner.learn('north'); // more states than are kept
    }
    expect(await timeOf(learner, began, subject('v'))).toBe(before);
    expect(await new CostLearner(outcomes, new MemoryObjectStore()).learn('south')).toBeUndefined();
  });

  it('widens P95 until it covers, and forgets the VMs that were not migrated for longest', async () => {
    const { learner, outcomes } = open();
    for (let i = 0; i < 120; i += 1) {
      const times = Math.exp(2 * (uniform(8, i) - 0.5));
      await outcomes.put('north', migrated(`o-${i}`, subject(`v-${i}`), times));
    }
    const key = await learner.learn('north');
    const row = (await learner.corrections('north', key))?.rows([subject('w')]) ?? [];
    expect(row[0] * row[1]).toBeGreaterThan(Math.exp(0.85));
    const state = await learner.state('north');
    forgetOldest(state, 10);
    const kept = Object.keys(state.seen['pre-copy'][3]);
    expect(kept).toEqual(Array.from({ length: 10 }, (_, i) => `v|v-${110 + i}`));
  });

  it('never mistakes a VM for a member of an object', async () => {
    const { learner, outcomes } = open();
    for (const vmId of ['__proto__', 'constructor', 'fleet']) {
      await outcomes.put('north', migrated(`o-${vmId}`, { vmId }, 3));
    }
    const key = await learner.learn('north');
    expect(await timeOf(learner, key, { vmId: 'constructor' })).toBeGreaterThan(1.5);
    expect(await timeOf(learner, key, { vmId: 'toString' })).toBe(1);
  });
});

describe('a night after migrations', () => {
  it('says in its documents what they cost, from how many, and how old that is', async () => {
    const { learner, outcomes } = open();
    const kernels = openKernels();
    const windows = new MemoryWindowStore(new MemoryFeedStore());
    const planner = new NightWindowPlanner(windows, PLAN_DEFAULTS, undefined, learner);
    const night = async (runId: string) => {
      const shard = dayShard(['v-1', 'v-2'], { planner: await planner.prepare('north') });
      const run = { ...shard.run, runId };
      const table = await planner.candidates({ ...shard, run }, kernels);
      await planner.choose(run, 0, table, kernels);
      await planner.publish(run, {}, run.plan.cutoffMs);
      const text = async (vmId: string) => (await windows.document('north', vmId))?.text ?? '';
      return Promise.all(['v-1', 'v-2'].map(async (id) => parseWindowContent(await text(id))));
    };
    const [before, other] = await night('run-1');
    expect(before.windows[0].cost.dirtySource).toBe('prior');
    const size = { vmId: 'v-1', vcpus: 2, memoryBytes: 8 * GIB };
    const { mode } = before.windows[0].advice;
    if (mode === 'do-not-migrate') throw new Error('the day has windows');
    for (const id of ['a', 'b', 'c']) {
      await outcomes.put('north', migrated(id, size, 3, {}, mode));
    }
    const [after, untouched] = await night('run-2');
    const [{ cost, reasons }] = after.windows;
    expect(cost.dirtySource).toBe('vm');
    expect(cost.totalTimeMs.p50 / before.windows[0].cost.totalTimeMs.p50).toBeGreaterThan(1.9);
    expect(reasons).toContain(
      'cost learned from 3 measured migrations of this VM, the newest of 2026-11-20',
    );
    expect(untouched.windows[0].cost).toEqual(other.windows[0].cost);
    expect(untouched.windows[0].reasons).toContain(
      'prior dirty rate: no migration was measured yet',
    );
  });
});
