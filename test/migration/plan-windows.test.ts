// One VM's way from its forecast to its document, and what operators do to it.
import fc from 'fast-check';
import { MemoryFeedStore, MemoryPlanStore, MemoryWindowStore } from '../../src/adapters/embedded';
import { canonicalJson, DAY_MS, FIVE_MINUTES_MS } from '../../src/core';
import {
  candidateColumns,
  candidatesAt,
  changePolicy,
  COST_DEFAULTS,
  CostPredictor,
  calendarSchema,
  NightWindowPlanner,
  parseWindowContent,
  PLAN_DEFAULTS,
  windowJsonSchema,
} from '../../src/migration';
import type { PlanStore, WindowContent } from '../../src/migration';
import { openKernels } from '../../src/kernels';
import type { ShardForecast } from '../../src/predict';
import { CUTOFF_MS, dayWithValley, RUN, shardOf } from './day-shard';

const kernels = openKernels();
const GIB = 2 ** 30;

function open(plans?: PlanStore) {
  const feed = new MemoryFeedStore();
  const store = new MemoryWindowStore(feed);
  const planner = new NightWindowPlanner(store, PLAN_DEFAULTS, plans);
  const content = async (vmId: string): Promise<WindowContent> =>
    parseWindowContent((await store.document('north', vmId))?.text ?? '');
  const night = async (shard: ShardForecast, runId = 'run-1') => {
    const run = { ...RUN, runId };
    const chosen = await planner.choose(run, 0, await planner.candidates(shard, kernels), kernels);
    await planner.publish(run, {}, CUTOFF_MS);
    return chosen;
  };
  return { feed, store, planner, content, night };
}

describe('the window planner', () => {
  it('puts the first window into the valley of the day', async () => {
    const lab = open();
    await lab.night(shardOf([dayWithValley(100, 160)]));
    const [first] = (await lab.content('vm-0')).windows;
    expect(first.notBeforeMs).toBeGreaterThanOrEqual(CUTOFF_MS + 99 * FIVE_MINUTES_MS);
    expect(first.notAfterMs).toBeLessThanOrEqual(CUTOFF_MS + 161 * FIVE_MINUTES_MS);
    expect(first.loadPct.p50).toBeLessThan(first.baselineLoadPct);
    expect(first.reasons[0]).toMatch(/^median load 2 % against 32\.1 % over the day/);
    expect(first.reasons).toContain('memory in use is not known: 0.6 of 8 GiB is assumed');
  });

  it('ranks without overlap by score, then start, on the grid, after the lead, in the day', async () => {
    const planner = open().planner;
    const step = fc.integer({ min: 0, max: 8 }).map((level) => level * 12.5);
    const day = fc.array(step, { minLength: 288, maxLength: 288 });
    await fc.assert(
      fc.asyncProperty(day, async (loads) => {
        const table = candidateColumns(await planner.candidates(shardOf([loads]), kernels));
        const vm = candidatesAt(table, 0, COST_DEFAULTS);
        const windows = vm.ranked?.windows ?? [];
        windows.forEach((window, i) => {
          expect(window.rank).toBe(i + 1);
          expect((window.notBeforeMs - CUTOFF_MS) % FIVE_MINUTES_MS).toBe(0);
          expect(window.notBeforeMs).toBeGreaterThanOrEqual(CUTOFF_MS + 15 * 60_000);
          expect(window.notAfterMs).toBeLessThanOrEqual(CUTOFF_MS + DAY_MS);
          expect(window.latestStartMs).toBeGreaterThanOrEqual(window.notBeforeMs);
          expect(window.latestStartMs).toBe(window.notAfterMs - window.cost.totalTimeMs.p95);
          for (const other of windows.slice(i + 1)) {
            const before = window.score < other.score;
            const tie = window.score === other.score && window.notBeforeMs < other.notBeforeMs;
            expect(before || tie).toBe(true);
            const apart =
              other.notBeforeMs >= window.notAfterMs || window.notBeforeMs >= other.notAfterMs;
            expect(apart).toBe(true);
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  it('writes canonical documents that match the schema, equal for any split into shards', async () => {
    const days = [dayWithValley(20, 60), dayWithValley(100, 160), dayWithValley(200, 288)];
    const whole = open();
    await whole.night(shardOf(days));
    const alone = open();
    const shard = shardOf(days);
    const one = shardOf([days[1]]);
    await alone.night({ ...one, vms: [shard.vms[1]] });
    const text = (await whole.store.document('north', 'vm-1'))?.text ?? '';
    expect((await alone.store.document('north', 'vm-1'))?.text).toBe(text);
    expect(canonicalJson(JSON.parse(text))).toBe(text);
    expect((await whole.content('vm-1')).idempotencyKey).toBe((await whole.content('vm-1')).id);
    expect(windowJsonSchema()).toMatchObject({ type: 'object', title: 'lm.windows.v1' });
  });

  it('gives no window, but the reason, where there is no forecast', async () => {
    const lab = open();
    const chosen = await lab.night(shardOf([dayWithValley(100, 160)], [0]));
    expect(chosen).toMatchObject({ documents: 1, windows: 0 });
    const content = await lab.content('vm-0');
    expect(content.windows).toEqual([]);
    expect(content.reason).toBe('no forecast: 3 hours of history; 48 are needed');
  });

  it('advises against a migration that may take longer than the day', async () => {
    const lab = open();
    const shard = shardOf([dayWithValley(100, 160)]);
    const huge = { ...shard.vms[0], memoryBytes: 100_000 * GIB };
    await lab.night({ ...shard, vms: [huge] });
    const content = await lab.content('vm-0');
    expect(content.windows).toEqual([]);
    expect(content.day?.advice.mode).toBe('do-not-migrate');
    expect(content.reason).toMatch(/^a migration may take .* h with slack/);
  });

  it('keeps windows out of what calendars close, and says so where nothing is left', async () => {
    const plans = new MemoryPlanStore();
    const blackout = (from: string, to: string, names: string[]) =>
      calendarSchema.parse({
        kind: 'blackout',
        timeZone: 'UTC',
        scope: { level: 'vm', names },
        rules: [{ start: `2026-09-${from}`, end: `2026-09-${to}` }],
      });
    await plans.put('north', 'calendar', [
      { id: 'backup', record: blackout('16T06:00', '16T11:30', ['vm-0']) }, // over the valley
      { id: 'freeze', record: blackout('15T00:00', '18T00:00', ['vm-1']) },
    ]);
    await plans.put('north', 'trait', [
      { id: 'vm-2', record: { cannotMigrate: 'passthrough of GPU 3b:00.0' } },
    ]);
    const day = dayWithValley(100, 160);
    const lab = open(plans);
    const chosen = await lab.night(shardOf([day, day, day, day]));
    expect(chosen).toMatchObject({ windows: 6, vmsWithWindows: 2 });
    const [from, to] = [Date.UTC(2026, 8, 16, 6), Date.UTC(2026, 8, 16, 11, 30)];
    const contents = await Promise.all([0, 1, 2, 3].map((vm) => lab.content(`vm-${vm}`)));
    expect(contents[0].windows).toHaveLength(3);
    for (const { notBeforeMs, notAfterMs } of contents[0].windows) {
      expect(notAfterMs <= from || notBeforeMs >= to).toBe(true);
    }
    expect([contents[1].windows, contents[1].reason]).toEqual([
      [],
      "calendars 'freeze' (blackout) leave no span of the day that is long enough",
    ]);
    expect(contents[2].reason).toBe(
      'it cannot be migrated: passthrough of GPU 3b:00.0; mend it with PUT /v1/traits',
    );
    const free = open();
    await free.night(shardOf([day, day, day, day]));
    expect(await lab.store.document('north', 'vm-3')).toEqual(
      await free.store.document('north', 'vm-3'),
    );
  });

  it('raises the revision with every night', async () => {
    const lab = open();
    await lab.night(shardOf([dayWithValley(100, 160)]));
    await lab.night(shardOf([dayWithValley(50, 90)]), 'run-2');
    expect((await lab.content('vm-0')).revision).toBe(2);
  });

  it('applies exclusion and pin in the night, and drops a pin that has passed', async () => {
    const lab = open();
    const pinMs = CUTOFF_MS + 40 * FIVE_MINUTES_MS;
    await lab.store.setPolicy('north', 'vm-0', { state: 'excluded', reason: 'licence' });
    await lab.store.setPolicy('north', 'vm-1', {
      state: 'pinned',
      notBeforeMs: pinMs,
      reason: 'change 17',
    });
    await lab.store.setPolicy('north', 'vm-2', { state: 'pinned', notBeforeMs: 1, reason: 'old' });
    const valley = dayWithValley(100, 160);
    await lab.night(shardOf([valley, valley, valley]));
    const excluded = await lab.content('vm-0');
    expect([excluded.windows, excluded.reason]).toEqual([[], 'excluded by an operator: licence']);
    const pinned = await lab.content('vm-1');
    expect(pinned.windows.map((window) => window.notBeforeMs)).toEqual([pinMs]);
    const passed = await lab.content('vm-2');
    expect([passed.policy, passed.windows.length]).toEqual(['auto', 3]);
  });
});

describe('a decision outside the night', () => {
  const excluded = { state: 'excluded', reason: 'licence' } as const;
  const request = { tenantId: 'north', vmId: 'vm-0', nowMs: CUTOFF_MS };

  it('excludes at once and gives the same windows back as a new revision', async () => {
    const lab = open();
    await lab.night(shardOf([dayWithValley(100, 160)]));
    const before = await lab.content('vm-0');
    await changePolicy(lab.store, { ...request, policy: excluded });
    expect(await lab.content('vm-0')).toMatchObject({ revision: 2, windows: [] });
    await changePolicy(lab.store, { ...request, policy: { state: 'auto' } });
    const after = await lab.content('vm-0');
    expect([after.revision, after.windows]).toEqual([3, before.windows]);
    expect(after.withheld).toBeUndefined();
    expect(await lab.feed.advance('north', 10)).toBe(3);
  });

  it('does not re-issue windows that have passed', async () => {
    const lab = open();
    await lab.night(shardOf([dayWithValley(100, 160)]));
    await changePolicy(lab.store, { ...request, policy: excluded });
    const late = { ...request, nowMs: CUTOFF_MS + DAY_MS, policy: { state: 'auto' } as const };
    await changePolicy(lab.store, late);
    const content = await lab.content('vm-0');
    expect(content.windows).toEqual([]);
    expect(content.reason).toMatch(/have passed/);
  });

  it('pins, and refuses a pin in the past', async () => {
    const lab = open();
    await lab.night(shardOf([dayWithValley(100, 160)]));
    const notBeforeMs = CUTOFF_MS + 3_600_000;
    const policy = { state: 'pinned', notBeforeMs, reason: 'change 17' } as const;
    await changePolicy(lab.store, { ...request, policy });
    expect((await lab.content('vm-0')).windows).toMatchObject([{ notBeforeMs, rank: 1 }]);
    const late = changePolicy(lab.store, { ...request, nowMs: notBeforeMs + 1, policy });
    await expect(late).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('wins over a night that chose before it and publishes after it', async () => {
    const lab = open();
    const shard = shardOf([dayWithValley(100, 160)]);
    await lab.night(shard);
    const run = { ...RUN, runId: 'run-2' };
    await lab.planner.choose(run, 0, await lab.planner.candidates(shard, kernels), kernels);
    await changePolicy(lab.store, { ...request, policy: excluded });
    await lab.planner.publish(run, {}, CUTOFF_MS);
    expect(await lab.content('vm-0')).toMatchObject({ revision: 2, policy: 'excluded' });
  });

  it('is only remembered where nothing was published yet', async () => {
    const lab = open();
    expect(await changePolicy(lab.store, { ...request, policy: excluded })).toBeUndefined();
    expect(await lab.store.policies('north', ['vm-0'])).toEqual([excluded]);
  });
});

describe('the predicted cost', () => {
  const costs = new CostPredictor();
  const vm = { vcpus: 2, memoryBytes: 8 * GIB, usedMemoryBytes: 4 * GIB };

  it('does not fall with load or memory in use, P95 not below P50', () => {
    const load = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(load, load, (a, b) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)].map((pct) =>
          costs.predict(vm, pct, 'pre-copy'),
        );
        const larger = costs.predict({ ...vm, usedMemoryBytes: 6 * GIB }, a, 'pre-copy');
        const smaller = costs.predict(vm, a, 'pre-copy');
        for (const key of ['totalTimeMs', 'bytesSent'] as const) {
          expect(high[key].p50).toBeGreaterThanOrEqual(low[key].p50);
          expect(high[key].p95).toBeGreaterThanOrEqual(low[key].p95);
          expect(low[key].p95).toBeGreaterThanOrEqual(low[key].p50);
          expect(larger[key].p95).toBeGreaterThanOrEqual(smaller[key].p95);
        }
      }),
    );
  });

  it('I13: is wider where the memory in use is not known', () => {
    const known = costs.predict({ ...vm, usedMemoryBytes: 0.6 * 8 * GIB }, 1, 'pre-copy');
    const unknown = costs.predict({ ...vm, usedMemoryBytes: undefined }, 1, 'pre-copy');
    expect(unknown.totalTimeMs.p95).toBeGreaterThan(known.totalTimeMs.p95);
  });

  it('I10: post-copy pauses alike at any load and moves memory once', () => {
    const calm = costs.predict(vm, 1, 'post-copy');
    expect(costs.predict(vm, 90, 'post-copy')).toEqual(calm);
    expect(calm.bytesSent).toEqual({ p50: 4 * GIB, p95: 4 * GIB });
  });
});
