// Fits a cost model on runs with outcomes, and replays runs in the order in which they began.
import { hash32 } from '../../../core';
import {
  constantKeys,
  constantsOf,
  dirtyEvidence,
  DIRTY_LEVELS,
  dirtyKeys,
  emptyModel,
  RESIDUAL_LEVELS,
  residualKeys,
  TARGETS,
  type CostModel,
  type Target,
} from './cost-model';
import { bestShare, coveringWidth, type Expectation } from './best-share';
import { fitConstants, type FitRow } from './fit-constants';
import { dirtyRateOf, predictRun, residualOf, type RunPrediction } from './predict-run';
import { CONSTANT_DEFAULTS, copyForReal, type RealCopy } from './real-copy';
import { RUN_MODES, type RunOutcome, type RunRow } from './run-table';
import { learnAt } from './shrinkage';

const ROWS_LEAST = 12;
/** Unlike anything seen, and the levels of the residual. */
const DEPTHS = RESIDUAL_LEVELS.length + 1;
/** Runs of other VMs without which a level's correction is not believed. */
const TRUST_LEAST = 12;
const ROWS_SEARCHED = 1_000;
const ROWS_SEARCHED_FINE = 400;
/** |ln(outcome / physics)| that one outcome can teach at most. */
const RESIDUAL_CLIP = 7;
const WIDTHS_KEPT = 5_000;

export interface FitOptions {
  readonly seed: number;
  readonly learned: boolean;
}

const FLOOR: Record<Target, number> = { time: 1, pause: 5, bytes: 1 };

function realOf(outcome: RunOutcome, target: Target): number | undefined {
  const { totalTimeMs, downtimeMs, bytesSent } = outcome;
  return { time: totalTimeMs, pause: downtimeMs, bytes: bytesSent }[target];
}

function physicalOf(copy: RealCopy, target: Target): number {
  return { time: copy.totalTimeMs, pause: copy.downtimeMs, bytes: copy.bytesSent }[target];
}

/** By start; rows without one keep their order, before all others. */
export function inOrderOfStart<T extends RunRow>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => (a.input.startedAtMs ?? 0) - (b.input.startedAtMs ?? 0));
}

/** Rows with the dirty rate that was known before each began; learns the rates on the way. */
function rowsWithDirtyRates(model: CostModel, rows: readonly RunRow[]): FitRow[] {
  const fitRows: FitRow[] = [];
  for (const { input, outcome } of rows) {
    if (outcome === undefined || !outcome.completed) continue;
    fitRows.push({ input, outcome, dirtyRate: dirtyRateOf(model, input).rate });
    learnDirtyRate(model, { input, outcome });
  }
  return fitRows;
}

function learnDirtyRate(model: CostModel, { input, outcome }: RunRow): void {
  const constants = model.runs > 0 ? constantsOf(model, input) : CONSTANT_DEFAULTS;
  const value = outcome && dirtyEvidence(input, outcome, constants);
  if (value === undefined) return;
  dirtyKeys(input).forEach((key, i) => {
    if (key !== '') learnAt(model.dirty[i], DIRTY_LEVELS[i], key, value);
  });
}

/** At most `count` rows, drawn by seed and place. */
function drawn(rows: readonly FitRow[], count: number, seed: number): readonly FitRow[] {
  if (rows.length <= count) return rows;
  const places = rows.map((_, i) => i);
  places.sort((a, b) => hash32(seed, a) - hash32(seed, b) || a - b);
  return places.slice(0, count).map((i) => rows[i]);
}

function fitAllConstants(model: CostModel, rows: readonly FitRow[]): void {
  for (let level = 0; level < 4; level += 1) {
    const groups = new Map<string, FitRow[]>();
    for (const row of rows) {
      const key = constantKeys(row.input)[level];
      if (key === undefined) continue;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [row]);
      else group.push(row);
    }
    const fitted: Record<string, CostModel['constants'][string]> = {};
    for (const [key, group] of groups) {
      if (group.length < ROWS_LEAST && level > 0) continue;
      const parent = constantsOf(model, group[0].input);
      const sample = drawn(group, level < 3 ? ROWS_SEARCHED : ROWS_SEARCHED_FINE, model.seed);
      fitted[key] = fitConstants(sample, parent);
    }
    Object.assign(model.constants, fitted);
  }
}

/** Residuals of one finished run, before it is learned and after physics. */
function learnResiduals(
  model: CostModel,
  row: FitRow,
  see?: (target: Target, depth: number, plain: number, mean: number) => void,
): void {
  const copy = copyForReal(row.input, row.dirtyRate, constantsOf(model, row.input));
  const keys = residualKeys(row.input);
  for (const target of TARGETS) {
    const real = realOf(row.outcome, target);
    if (real === undefined) continue;
    const floor = FLOOR[target];
    const plain = Math.log(Math.max(real, floor) / Math.max(physicalOf(copy, target), floor));
    const { mean, depth } = residualOf(model, row.input, target);
    see?.(target, depth, plain, mean);
    const value = Math.min(RESIDUAL_CLIP, Math.max(-RESIDUAL_CLIP, plain));
    keys.forEach((key, i) => {
      if (key !== '') learnAt(model.residual[target][i], RESIDUAL_LEVELS[i], key, value);
    });
  }
}

/** By mode, target, and depth of what was known. */
type Expectations = ReadonlyMap<string, readonly Expectation[]>;

/**
 * The share of the residual that would have had the least error on runs before they were learned: a
 * correction that holds among the runs of a VM need not hold for the next VM of its application.
 */
function fitTrust(model: CostModel, expectations: Expectations): void {
  for (const mode of RUN_MODES) {
    const byTarget = {} as Record<Target, number[]>;
    for (const target of TARGETS) {
      byTarget[target] = Array.from({ length: DEPTHS }, (_, depth) =>
        trustOf(expectations.get(`${mode}|${target}|${depth}`) ?? [], depth),
      );
    }
    model.trust[mode] = byTarget;
  }
}

function trustOf(seen: readonly Expectation[], depth: number): number {
  if (depth === DEPTHS - 1) return 1; // the VM's own runs
  if (seen.length < TRUST_LEAST) return 0;
  return bestShare(seen);
}

/** Widths by depth from errors made before learning; never narrower where less is known. */
function fitWidths(model: CostModel, errors: ReadonlyMap<string, number[]>): void {
  for (const mode of RUN_MODES) {
    const byTarget: Partial<Record<Target, number[]>> = {};
    for (const target of TARGETS) {
      const plain = errors.get(`${mode}|${target}|0`);
      if (plain === undefined) continue;
      const widths: number[] = Array(DEPTHS).fill(0);
      for (let depth = DEPTHS - 1; depth >= 0; depth -= 1) {
        const seen = errors.get(`${mode}|${target}|${depth}`) ?? [];
        const from = seen.length >= 40 ? seen : plain;
        const least = depth === DEPTHS - 1 ? 0.02 : widths[depth + 1];
        widths[depth] = Math.max(least, coveringWidth(from.slice(-WIDTHS_KEPT)));
      }
      byTarget[target] = widths;
    }
    if (Object.keys(byTarget).length === TARGETS.length) {
      model.widths[mode] = byTarget as Record<Target, number[]>;
    }
  }
}

/** Errors as they would have been; depth 0 holds those of plain physics on all runs. */
function errorsOf(model: CostModel, expectations: Expectations): ReadonlyMap<string, number[]> {
  const errors = new Map<string, number[]>();
  for (const [key, seen] of expectations) {
    const [mode, target, depth] = key.split('|') as [string, Target, string];
    const plain = `${mode}|${target}|0`;
    errors.set(plain, [...(errors.get(plain) ?? []), ...seen.map(([real]) => real)]);
    if (depth === '0') continue;
    const trust = model.trust[mode][target][Number(depth)];
    errors.set(
      key,
      seen.map(([real, mean]) => real - trust * mean),
    );
  }
  return errors;
}

/** Fits on completed rows. Same rows and seed, same bits. O(rows log rows + groups x search). */
export function fitCostModel(rows: readonly RunRow[], options: FitOptions): CostModel {
  const model = emptyModel(options.seed, options.learned);
  const ordered = inOrderOfStart(rows);
  const fitRows = rowsWithDirtyRates(model, ordered);
  if (fitRows.length === 0) return model;
  fitAllConstants(model, fitRows);
  const expectations = new Map<string, Expectation[]>();
  for (const row of fitRows) {
    learnResiduals(model, row, (target, depth, plain, mean) => {
      const key = `${row.input.mode}|${target}|${depth}`;
      const list = expectations.get(key);
      if (list === undefined) expectations.set(key, [[plain, mean]]);
      else list.push([plain, mean]);
    });
  }
  fitTrust(model, expectations);
  fitWidths(model, errorsOf(model, expectations));
  const share = (lacks: (row: FitRow) => boolean): number =>
    fitRows.filter((row) => lacks(row)).length / fitRows.length;
  model.runs = fitRows.length;
  model.missing.used = share((row) => row.input.usedBytes === undefined);
  model.missing.bandwidth = share((row) => row.input.bandwidth === undefined);
  model.missing.dirtyRate = share((row) => row.input.dirtyRate === undefined);
  for (const mode of RUN_MODES) {
    const tried = rows.filter((row) => row.input.mode === mode);
    const done = tried.filter((row) => row.outcome?.completed).length;
    if (tried.length > 0) model.success[mode] = (done + 1) / (tried.length + 1);
  }
  return model;
}

const REFIT_FIRST = 24;
const ADAPT_STEP = 0.06;

/**
 * Predicts each run in order of start, then learns its outcome; predictions in input order.
 * Constants are fitted anew each time the number of outcomes has doubled; P95 moves with misses.
 */
export function replayRuns(rows: readonly RunRow[], options: FitOptions): RunPrediction[] {
  const places = new Map(rows.map((row, i) => [row, i]));
  const predictions: RunPrediction[] = Array(rows.length);
  const shifts = new Map<string, number>();
  const past: RunRow[] = [];
  let model = emptyModel(options.seed, options.learned);
  let refitAt = REFIT_FIRST;
  for (const row of inOrderOfStart(rows)) {
    const shifted = withShifts(predictRun(model, row.input), row, shifts);
    predictions[places.get(row)!] = shifted;
    adapt(shifts, row, shifted);
    past.push(row);
    if (past.length >= refitAt) {
      model = fitCostModel(past, options);
      refitAt = Math.ceil(refitAt * 2);
    } else if (row.outcome?.completed) {
      const { input, outcome } = row;
      const dirtyRate = dirtyRateOf(model, input).rate;
      if (model.runs > 0) learnResiduals(model, { input, outcome, dirtyRate });
      learnDirtyRate(model, row);
    }
  }
  return predictions;
}

const FIELD = { time: 'totalTimeMs', pause: 'downtimeMs', bytes: 'bytesSent' } as const;

function withShifts(
  prediction: RunPrediction,
  { input }: RunRow,
  shifts: ReadonlyMap<string, number>,
): RunPrediction {
  const shifted = { ...prediction };
  for (const target of TARGETS) {
    const { p50, p95 } = prediction[FIELD[target]];
    const factor = Math.exp(shifts.get(`${input.mode}|${target}`) ?? 0);
    shifted[FIELD[target]] = { p50, p95: Math.max(p50, p95 * factor) };
  }
  return shifted;
}

/** Conformal adaptation (Gibbs and Candes, 2021): a miss widens by 19 times what a hit narrows. */
function adapt(shifts: Map<string, number>, { input, outcome }: RunRow, said: RunPrediction): void {
  if (!outcome?.completed) return;
  for (const target of TARGETS) {
    const real = realOf(outcome, target);
    if (real === undefined) continue;
    const key = `${input.mode}|${target}`;
    const step = real > said[FIELD[target]].p95 ? 0.95 : -0.05;
    const next = (shifts.get(key) ?? 0) + ADAPT_STEP * step;
    shifts.set(key, Math.min(2, Math.max(-1, next)));
  }
}
