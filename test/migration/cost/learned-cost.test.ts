// The learned cost model: what it reads, what it never looks at, and the physics it keeps.
import fc from 'fast-check';
import { normal, uniform } from '../../../src/core';
import { emptyModel } from '../../../src/migration/cost/learned/cost-model';
import { CONSTANT_DEFAULTS } from '../../../src/migration/cost/learned/real-copy';
import {
  fitCostModel,
  parseRuns,
  predictRun,
  replayRuns,
  type RunInput,
  type RunPrediction,
  type RunRow,
} from '../../../src/migration/cost/learned';
import { simulatePreCopy } from '../../../src/kernels';

const GB = 1e9;
const SEED = 11;

/** Runs of the recursion with 7 s of set-up and some noise; five applications, twenty VMs. */
function syntheticRuns(count: number): RunRow[] {
  return Array.from({ length: count }, (_, i) => {
    const vm = Math.floor(uniform(SEED, i, 1) * 20);
    const usedBytes = GB * (0.5 + 15 * uniform(SEED, i, 2));
    const bandwidth = [125e6, 1250e6][vm % 2];
    const copy = simulatePreCopy({
      usedMemoryBytes: usedBytes,
      bandwidthBytesPerSec: bandwidth * 0.95,
      linkBytesPerSec: bandwidth,
      dirtyRateBytesPerSec: 8e6 * (1 + (vm % 5)) * Math.exp(0.2 * normal(SEED, i, 3)),
      writableWorkingSetBytes: usedBytes * 0.6,
      downtimeLimitMs: 300,
      fixedDowntimeMs: 15,
      maxRounds: 30,
      strategy: 'precopy',
    });
    const noise = Math.exp(0.03 * normal(SEED, i, 4));
    const input: RunInput = {
      runId: `r${i}`,
      set: 's',
      hypervisor: 'qemu',
      mode: 'precopy',
      scenario: `app${vm % 5}`,
      compression: 'none',
      hostPair: 'a-b',
      vmId: `vm${vm}`,
      memoryBytes: 16 * GB,
      usedBytes,
      vcpus: 4,
      bandwidth,
      limitMs: 300,
      cpuPct: 30,
      startedAtMs: i * 60_000,
    };
    const totalTimeMs = (7000 + copy.totalTimeMs) * noise;
    const { downtimeMs, bytesSent } = copy;
    return { input, outcome: { completed: true, totalTimeMs, downtimeMs, bytesSent } };
  });
}

const options = { seed: 7, learned: true };
const runs = syntheticRuns(600);
const model = fitCostModel(runs.slice(0, 400), options);
const more = fc.double({ min: 1, max: 3, noNaN: true });
const kept = fc.nat({ max: 199 }).map((i) => runs[400 + i].input);

function medianError(rows: readonly RunRow[], predictions: readonly RunPrediction[]): number {
  const errors = rows.map(({ outcome }, i) => {
    const real = outcome!.totalTimeMs!;
    return Math.abs(predictions[i].totalTimeMs.p50 - real) / real;
  });
  return errors.toSorted((a, b) => a - b)[errors.length >> 1];
}

function quantilesOf(said: RunPrediction): number[] {
  const { totalTimeMs, downtimeMs, bytesSent } = said;
  return [totalTimeMs, downtimeMs, bytesSent].flatMap(({ p50, p95 }) => [p50, p95]);
}

describe('the learned cost model', () => {
  it('predicts later runs of known VMs within 6 % of time, and nearly all below their P95', () => {
    const later = runs.slice(400);
    const predictions = later.map(({ input }) => predictRun(model, input));
    expect(medianError(later, predictions)).toBeLessThan(0.06);
    const below = later.filter(
      ({ outcome }, i) => outcome!.totalTimeMs! <= predictions[i].totalTimeMs.p95,
    );
    expect(below.length / later.length).toBeGreaterThan(0.88);
  });

  it('is the same bits for the same runs and seed', () => {
    expect(fitCostModel(runs.slice(0, 400), options)).toEqual(model);
    expect(JSON.parse(JSON.stringify(model))).toEqual(model);
  });

  it('leaves an unseen application of an unseen VM to plain physics', () => {
    const plain = fitCostModel(runs.slice(0, 400), { seed: 7, learned: false });
    const input = { ...runs[450].input, scenario: 'new', vmId: 'new' };
    expect(predictRun(model, input).totalTimeMs).toEqual(predictRun(plain, input).totalTimeMs);
    expect(predictRun(model, input).reason).toContain('unlike anything seen');
  });

  it('does not believe a correction that holds within VMs, but not for the next VM', () => {
    // Each VM takes its own factor; its application says nothing of it.
    const factors = runs.slice(0, 300).map((row, i) => ({ row, vm: Math.floor(i / 3) }));
    const own = factors.map(({ row, vm }): RunRow => {
      const factor = Math.exp(0.8 * normal(SEED, vm, 9));
      const totalTimeMs = row.outcome!.totalTimeMs! * factor;
      const input = { ...row.input, scenario: 'app', vmId: `own${vm}` };
      return { input, outcome: { ...row.outcome!, totalTimeMs } };
    });
    const [learned, plain] = [true, false].map((yes) =>
      fitCostModel(own, { seed: 7, learned: yes }),
    );
    const stranger = { ...own[299].input, vmId: 'next' };
    const wide = predictRun(learned, stranger).totalTimeMs.p50;
    const ratio = wide / predictRun(plain, stranger).totalTimeMs.p50;
    expect(Math.abs(Math.log(ratio))).toBeLessThan(0.2);
    expect(learned.trust.precopy.time.at(-1)).toBe(1);
    const known = predictRun(learned, own[299].input).totalTimeMs.p50;
    expect(Math.abs(Math.log(known / own[299].outcome!.totalTimeMs!))).toBeLessThan(0.5);
  });

  it('adds what a wire slower than the cap still holds to the pause, and nothing elsewhere', () => {
    const base = { ...runs[450].input, bandwidth: 200e6, dirtyRate: 1 };
    const bound = predictRun(emptyModel(7, false), { ...base, link: 50e6 });
    const free = predictRun(emptyModel(7, false), { ...base, link: 400e6 });
    const queueMs = (CONSTANT_DEFAULTS.queueBytes / 50e6) * 1_000;
    expect(bound.downtimeMs.p50 - free.downtimeMs.p50).toBeGreaterThan(0.9 * queueMs);
    expect(free.downtimeMs.p50).toBeLessThan(2 * CONSTANT_DEFAULTS.fixedDowntimeMs);
  });

  it('I1, I2: more memory takes no less time or bytes, more bandwidth no more time', () => {
    fc.assert(
      fc.property(kept, more, (input, by) => {
        const base = predictRun(model, input);
        const larger = predictRun(model, { ...input, usedBytes: input.usedBytes! * by });
        const faster = predictRun(model, { ...input, bandwidth: input.bandwidth! * by });
        const shared = predictRun(model, { ...input, parallel: by });
        for (const q of ['p50', 'p95'] as const) {
          const near = base.totalTimeMs[q] * (1 - 1e-9);
          expect(larger.totalTimeMs[q]).toBeGreaterThanOrEqual(near);
          expect(larger.bytesSent[q]).toBeGreaterThanOrEqual(base.bytesSent[q] * (1 - 1e-9));
          expect(faster.totalTimeMs[q]).toBeLessThanOrEqual(base.totalTimeMs[q] * (1 + 1e-9));
          expect(shared.totalTimeMs[q]).toBeGreaterThanOrEqual(near);
        }
      }),
    );
  });

  it('I3, I8, I9: a higher dirty rate costs no less, a higher limit no more', () => {
    fc.assert(
      fc.property(kept, more, fc.integer({ min: 0, max: 900 }), (drawn, by, megabytes) => {
        const input = { ...drawn, dirtyRate: megabytes * 1e6 };
        const base = predictRun(model, input);
        const busier = predictRun(model, { ...input, dirtyRate: input.dirtyRate * by });
        const laxer = predictRun(model, { ...input, limitMs: input.limitMs! * by });
        for (const field of ['totalTimeMs', 'bytesSent'] as const) {
          expect(busier[field].p95).toBeGreaterThanOrEqual(base[field].p95 * (1 - 1e-9));
          expect(laxer[field].p95).toBeLessThanOrEqual(base[field].p95 * (1 + 1e-9));
        }
        expect(laxer.rounds).toBeLessThanOrEqual(base.rounds);
      }),
    );
    const idle = { ...runs[0].input, dirtyRate: 0, usedBytes: 8 * GB };
    expect(predictRun(model, idle).rounds).toBe(2);
  });

  it('I13: the width never narrows as inputs vanish, and all stays finite', () => {
    const removable = ['usedBytes', 'bandwidth', 'cpuPct', 'limitMs', 'vcpus'] as const;
    fc.assert(
      fc.property(kept, fc.subarray([...removable]), fc.boolean(), (input, gone, vm) => {
        const lacks = { ...input, ...Object.fromEntries(gone.map((name) => [name, undefined])) };
        const poorer = predictRun(model, vm ? { ...lacks, vmId: '' } : lacks);
        const width = ({ totalTimeMs: t }: RunPrediction): number => t.p95 / t.p50;
        const before = width(predictRun(model, input));
        expect(width(poorer)).toBeGreaterThanOrEqual(before * (1 - 1e-9));
        for (const value of quantilesOf(poorer)) expect(Number.isFinite(value)).toBe(true);
      }),
    );
  });

  it('I10: stop-and-copy pauses all the time, post-copy as long for any memory', () => {
    const input = runs[0].input;
    const stopped = predictRun(model, { ...input, mode: 'stopcopy' });
    expect(stopped.downtimeMs).toEqual(stopped.totalTimeMs);
    const small = predictRun(model, { ...input, mode: 'postcopy' });
    const large = predictRun(model, { ...input, mode: 'postcopy', usedBytes: 60 * GB });
    expect(large.downtimeMs.p50).toBe(small.downtimeMs.p50);
  });

  it('replays: predicts in order of start, answers in input order, P50 <= P95', () => {
    const some = runs.slice(0, 120);
    const reversed = some.toReversed();
    const straight = replayRuns(some, options);
    expect(replayRuns(reversed, options).toReversed()).toEqual(straight);
    for (const said of straight) {
      expect(said.totalTimeMs.p95).toBeGreaterThanOrEqual(said.totalTimeMs.p50);
    }
    expect(medianError(some.slice(60), straight.slice(60))).toBeLessThan(0.08);
  });
});

describe('runs as CSV', () => {
  it('takes an empty cell for unknown and never looks at outcomes it was not asked for', () => {
    const text = 'x,run_id,mode,vm_memory_bytes,total_time_ms\n1,"a,b",,,rubbish\n';
    const [{ input, outcome }] = parseRuns('t.csv', text, false);
    expect([input.runId, input.mode, input.memoryBytes, outcome]).toEqual([
      'a,b',
      'precopy',
      undefined,
      undefined,
    ]);
    expect(() => parseRuns('t.csv', text, true)).toThrow(/line 2, column 'total_time_ms'/);
  });

  it('names line and column of a bad cell, a bad mode, and a short row', () => {
    const head = 'run_id,mode,vcpus\n';
    expect(() => parseRuns('t', `${head}a,,2\nb,,x\n`, false)).toThrow(/line 3, column 'vcpus'/);
    expect(() => parseRuns('t', `${head}a,teleport,2\n`, false)).toThrow(/line 2, column 'mode'/);
    expect(() => parseRuns('t', `${head}a,\n`, false)).toThrow(/line 2, column 'vcpus'/);
  });
});
