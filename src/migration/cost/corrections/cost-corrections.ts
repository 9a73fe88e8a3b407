// What migrations taught about predicted costs: ln(measured / physics) by level, learned one by one.
import { z } from 'zod';
import { DomainError } from '../../../core';
import type { CopyMode } from '../../../kernels';
import { learnAt, shrunkMean, type LevelSums } from '../learned/shrinkage';
import { MEASURES, type Measure } from '../../outcomes/outcome-schema';
import { CORRECTION_LEVELS, groupKeys, vmKey, type CorrectionSubject } from './correction-levels';

export const COST_CORRECTIONS_VERSION = 1;

const sumsSchema = z.record(z.string(), z.tuple([z.number(), z.number()]));
const chain = z.array(sumsSchema).length(CORRECTION_LEVELS.length);
const pair = z.tuple([z.number(), z.number()]);

export const costCorrectionsSchema = z.object({
  kind: z.literal('slackwater-cost-corrections'),
  version: z.literal(COST_CORRECTIONS_VERSION),
  /** Everything up to this position of the outcome store was looked at. */
  position: z.int().nonnegative(),
  /** Migrations that it learned from. */
  migrations: z.int().nonnegative(),
  /** By mode and measure: levels, coarse to fine, of ln(measured / physics). */
  measures: z.record(z.string(), chain),
  /** By mode: levels of (1 if completed, else 0) less the chance that physics gave it. */
  success: z.record(z.string(), chain),
  /** By mode: levels of [migrations, newest start, epoch ms]. */
  seen: z.record(z.string(), chain),
  /**
   * By mode, measure, and depth: [ln(measured / physics), the correction expected before it was
   * learned] of the newest migrations of which no more than that depth was known.
   */
  errors: z.record(z.string(), z.array(pair)),
});
export type CostCorrections = z.infer<typeof costCorrectionsSchema>;

/** One migration, as far as costs are learned from it. */
export interface CostFact {
  readonly subject: CorrectionSubject;
  readonly mode: CopyMode;
  readonly startedAtMs: number;
  readonly completed: boolean;
  readonly measured: Partial<Readonly<Record<Measure, number>>>;
}

/** What physics says of the same migration, without anything learned. */
export interface PhysicalCost extends Readonly<Record<Measure, { readonly p50: number }>> {
  readonly successProb: number;
}

/** Below these, both are taken as equal: 1 ms; what no clock of a guest resolves; one page. */
const FLOOR: Readonly<Record<Measure, number>> = {
  totalTimeMs: 1,
  downtimeMs: 5,
  bytesSent: 4_096,
};
/** |ln(measured / physics)| that one migration can teach: a factor 1,100. */
const LN_RATIO_MAX = 7;
export const ERRORS_KEPT = 200; // some weeks of a fleet that moves ten VMs a night
/** VMs by mode and measure whose own migrations are kept, the most recently migrated: 30 MB. */
const VMS_KEPT = 100_000;

export function emptyCorrections(): CostCorrections {
  return {
    kind: 'slackwater-cost-corrections',
    version: COST_CORRECTIONS_VERSION,
    position: 0,
    migrations: 0,
    measures: {},
    success: {},
    seen: {},
    errors: {},
  };
}

/** Reads a saved state. Throws INTERNAL when it is none. O(text). */
export function parseCorrections(text: string): CostCorrections {
  const parsed = costCorrectionsSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0];
  throw new DomainError('INTERNAL', `learned costs: ${path.join('.')}: ${message}`);
}

export function chainKey(mode: CopyMode, measure: Measure): string {
  return `${mode}|${measure}`;
}

export function errorsKey(mode: CopyMode, measure: Measure, depth: number): string {
  return `${mode}|${measure}|${depth}`;
}

/** Learns one migration; the same ones in the same order give the same bits. O(levels). */
export function learnCost(state: CostCorrections, fact: CostFact, physics: PhysicalCost): void {
  const { subject, mode, startedAtMs, completed, measured } = fact;
  const keys = [...groupKeys(subject), vmKey(subject)];
  state.migrations += 1;
  for (const measure of MEASURES) {
    const value = measured[measure];
    if (!completed || value === undefined) continue;
    const key = chainKey(mode, measure);
    const levels = (state.measures[key] ??= emptyChain());
    const floor = FLOOR[measure];
    const plain = Math.log(Math.max(value, floor) / Math.max(physics[measure].p50, floor));
    remember(state, fact, measure, plain, levels, keys);
    const bounded = Math.min(LN_RATIO_MAX, Math.max(-LN_RATIO_MAX, plain));
    learnAll(levels, keys, bounded);
  }
  const surprise = (completed ? 1 : 0) - physics.successProb;
  learnAll((state.success[mode] ??= emptyChain()), keys, surprise);
  (state.seen[mode] ??= emptyChain()).forEach((level, i) => {
    if (keys[i] === '') return;
    const [count, lastMs] = level[keys[i]] ?? [0, 0];
    put(level, i, keys[i], [count + 1, Math.max(lastMs, startedAtMs)]);
  });
}

function emptyChain(): LevelSums[] {
  return CORRECTION_LEVELS.map(() => ({}));
}

function learnAll(levels: LevelSums[], keys: readonly string[], value: number): void {
  CORRECTION_LEVELS.forEach((level, i) => {
    if (keys[i] === '') return;
    learnAt(levels[i], level, keys[i], value);
    put(levels[i], i, keys[i], levels[i][keys[i]]);
  });
}

/** Own migrations of VMs that were not migrated for long make room. */
function put(sums: LevelSums, level: number, key: string, value: [number, number]): void {
  if (CORRECTION_LEVELS[level].name !== 'vm') {
    sums[key] = value;
    return;
  }
  delete sums[key]; // to the end: keys stay in the order of their newest migration
  sums[key] = value;
}

/** At most VMS_KEPT VMs; called once after many were learned. O(VMs). */
export function forgetOldest(state: CostCorrections, vmsKept = VMS_KEPT): void {
  for (const group of [state.measures, state.success, state.seen]) {
    for (const levels of Object.values(group)) {
      const vms = levels[levels.length - 1];
      const keys = Object.keys(vms);
      for (const key of keys.slice(0, Math.max(0, keys.length - vmsKept))) delete vms[key];
    }
  }
}

/**
 * Keeps how wrong each depth would have been. A VM's first migration tests all the others' levels;
 * later ones only its own: what holds among its own need not hold for the next VM.
 */
function remember(
  state: CostCorrections,
  { mode }: CostFact,
  measure: Measure,
  plain: number,
  levels: readonly LevelSums[],
  keys: readonly string[],
): void {
  const own = levels.length - 1;
  const isFirst = levels[own][keys[own]] === undefined;
  const keep = (depth: number, mean: number): void => {
    const list = (state.errors[errorsKey(mode, measure, depth)] ??= []);
    list.push([plain, mean]);
    if (list.length > ERRORS_KEPT) list.shift();
  };
  if (!isFirst) {
    keep(own + 1, shrunkMean(levels, CORRECTION_LEVELS, keys, 0).mean);
    return;
  }
  keep(0, 0);
  for (let depth = 1; depth <= own; depth += 1) {
    const known = keys[depth - 1] !== '' && levels[depth - 1][keys[depth - 1]] !== undefined;
    if (!known) continue;
    keep(depth, meanAt(levels, keys, depth));
  }
}

/** The correction that the first `depth` levels expect. O(levels). */
export function meanAt(
  levels: readonly LevelSums[],
  keys: readonly string[],
  depth: number,
): number {
  const first = CORRECTION_LEVELS.slice(0, depth);
  return shrunkMean(levels.slice(0, depth), first, keys.slice(0, depth), 0).mean;
}
