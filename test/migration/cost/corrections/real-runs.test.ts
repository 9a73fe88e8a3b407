// Real runs of two machines, in their order, predicted before each is learned.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { correctCopy, type CopyMode } from '../../../../src/kernels';
import {
  MEASURES,
  CostPredictor,
  emptyCorrections,
  learnCost,
  parseRuns,
  RowCorrections,
  type Measure,
} from '../../../../src/migration';
import { describeWithData } from '../../../test-data';

const MODES: Readonly<Record<string, CopyMode>> = {
  precopy: 'pre-copy',
  autoconverge: 'auto-converge',
  postcopy: 'post-copy',
};

interface Judged {
  /** |ln(measured / P50)| by measure, and whether P95 held; of plain physics and as learned. */
  readonly errors: Readonly<Record<Measure, { physics: number[]; learned: number[] }>>;
  readonly covered: Readonly<Record<Measure, { physics: boolean[]; learned: boolean[] }>>;
}

/** What a night knows: size, CPU, mode, host. The first third is only learned. */
function judged(path: string): Judged {
  const empty = <T>() =>
    Object.fromEntries(
      MEASURES.map((measure) => [measure, { physics: [] as T[], learned: [] as T[] }]),
    ) as unknown as Record<Measure, { physics: T[]; learned: T[] }>;
  const told = { errors: empty<number>(), covered: empty<boolean>() };
  const runs = parseRuns(path, readFileSync(path, 'utf8'), true);
  const inOrder = runs.toSorted((a, b) => (a.input.startedAtMs ?? 0) - (b.input.startedAtMs ?? 0));
  const physics = new CostPredictor();
  const state = emptyCorrections();
  inOrder.forEach(({ input, outcome }, at) => {
    const mode = MODES[input.mode];
    if (mode === undefined || outcome === undefined) return;
    const { vmId, hostPair: host, vcpus, memoryBytes } = input;
    const subject = { vmId, host, vcpus, memoryBytes };
    const plain = physics.predict(subject, input.cpuPct ?? 10, mode);
    const learned = correctCopy(plain, mode, new RowCorrections(state).rows([subject]));
    const { completed, ...measured } = outcome;
    for (const measure of MEASURES) {
      const real = measured[measure];
      if (!completed || real === undefined || at < inOrder.length / 3) continue;
      for (const [name, cost] of [
        ['physics', plain],
        ['learned', learned],
      ] as const) {
        told.errors[measure][name].push(Math.abs(Math.log(real / cost[measure].p50)));
        told.covered[measure][name].push(real <= cost[measure].p95);
      }
    }
    const startedAtMs = input.startedAtMs ?? at;
    learnCost(state, { subject, mode, startedAtMs, completed, measured }, plain);
  });
  return told;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1];
const share = (held: readonly boolean[]): number =>
  held.filter(Boolean).length / Math.max(1, held.length);

describeWithData('costs learned from real runs', 'livemig', (folder) => {
  it.each([
    ['canonical-qemu-lab.csv', 0.75],
    ['canonical-lordwicked.csv', 0.25],
  ])('are nearer than plain physics in %s, and P95 covers', (file, shareOfError) => {
    const { errors, covered } = judged(join(folder, file));
    const time = errors.totalTimeMs;
    expect(time.learned.length).toBeGreaterThan(30);
    expect(median(time.learned)).toBeLessThan(shareOfError * median(time.physics));
    for (const measure of MEASURES) {
      const { learned, physics } = errors[measure];
      expect(median(learned)).toBeLessThan(median(physics));
    }
    expect(share(covered.totalTimeMs.learned)).toBeGreaterThan(0.92);
    expect(share(covered.bytesSent.learned)).toBeGreaterThan(0.92);
    expect(share(covered.downtimeMs.learned)).toBeGreaterThan(0.85);
  });
});
