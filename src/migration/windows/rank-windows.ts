// From one VM's forecast day to its ranked windows, with cost, confidence, and reasons.
import { FIVE_MINUTES_MS, HOUR_MS, MINUTE_MS, roundTo } from '../../core';
import type { EpochMs } from '../../core';
import { memoryOf, vcpusOf } from '../cost/predict-cost';
import type { CostPredictor, MigrationMode, PredictedCost, VmSize } from '../cost/predict-cost';
import { GIB_BYTES } from '../cost/cost-settings';
import { spanLoad, spanMean } from './load-profile';
import type { LoadProfile } from './load-profile';
import type { DayFigures, LoadQuantiles, RankedWindow, WindowAdvice } from './window-schema';

export interface WindowSettings {
  /** No window starts before the cutoff plus this. */
  readonly leadMs: number;
  readonly windowsMax: number;
  readonly lengthMsMin: number;
  /** Room beside the P95 of the total time. */
  readonly slackMs: number;
}

export const WINDOW_DEFAULTS: WindowSettings = {
  leadMs: 15 * MINUTE_MS, // design section 10, "Time"
  windowsMax: 3, // as `backtest --windows`
  lengthMsMin: 10 * MINUTE_MS, // two steps of the forecast
  slackMs: 30 * MINUTE_MS, // executors poll, and queue behind one another
};

/** Scores are compared in ten-thousandths of a percent. */
const SCORE_PARTS = 10_000;

/** Plain pre-copy from this chance of convergence on, auto-converge down to the other. */
const PRE_COPY_SUCCESS_MIN = 0.9;
const AUTO_CONVERGE_SUCCESS_MIN = 0.5;

export interface RankedDay {
  readonly day: DayFigures;
  readonly windows: readonly RankedWindow[];
  /** Why there is none. */
  readonly reason?: string;
}

/**
 * Ranks the non-overlapping windows of a day: lowest expected harm first, then the earliest.
 *
 * The score is the smoothed blend of mean, median, and q95 over the window, rounded to 1e-4 before
 * it is compared, so that the order is total and the same everywhere. O(windowsMax x steps).
 */
export function rankWindows(
  vm: VmSize,
  profile: LoadProfile,
  cutoffMs: EpochMs,
  costs: CostPredictor,
  settings: WindowSettings = WINDOW_DEFAULTS,
): RankedDay {
  const load = spanLoad(profile, 0, profile.stepCount);
  const plain = costs.predict(vm, load.mean, 'pre-copy');
  const advice = adviceOf(plain);
  const mode = advice.mode;
  // The longest that any window of the day can need: P95 does not fall with the load.
  const longest = costs.predict(vm, profile.meanMax, mode);
  const windowLengthMs = lengthOf(longest, settings);
  const dayCost = costs.predict(vm, load.mean, mode);
  const day = { loadPct: load, windowLengthMs, cost: dayCost, advice };
  const lengthSteps = windowLengthMs / FIVE_MINUTES_MS;
  const firstStep = Math.ceil(settings.leadMs / FIVE_MINUTES_MS);
  if (firstStep + lengthSteps > profile.stepCount) {
    const hours = roundTo(windowLengthMs / HOUR_MS, 1);
    const cause = `a migration may take ${hours} h with slack; the forecast reaches 24 h`;
    const refused: WindowAdvice = { mode: 'do-not-migrate', cause };
    return { day: { ...day, advice: refused }, windows: [], reason: cause };
  }
  const starts = chooseStarts(profile, firstStep, lengthSteps, settings.windowsMax);
  const notes = assumptions(vm, costs);
  const windows = starts.map(({ step, score }, index): RankedWindow => {
    const window = spanLoad(profile, step, step + lengthSteps);
    const cost = costs.predict(vm, window.mean, mode);
    const notBeforeMs = cutoffMs + step * FIVE_MINUTES_MS;
    const notAfterMs = notBeforeMs + windowLengthMs;
    return {
      rank: index + 1,
      notBeforeMs,
      latestStartMs: notAfterMs - cost.totalTimeMs.p95,
      notAfterMs,
      loadPct: window,
      baselineLoadPct: load.mean,
      cost,
      score,
      confidence: roundTo(chanceBelow(load.mean, window), 3),
      reasons: [loadReason(window, load), costReason(cost), ...notes],
      advice: adviceFor(mode, advice),
    };
  });
  return { day, windows };
}

/** P95 of the time rounded up to whole steps, at least the minimum, plus slack in whole steps. */
function lengthOf(cost: PredictedCost, settings: WindowSettings): number {
  const needed = Math.max(settings.lengthMsMin, cost.totalTimeMs.p95);
  const steps = Math.ceil(needed / FIVE_MINUTES_MS) + Math.ceil(settings.slackMs / FIVE_MINUTES_MS);
  return steps * FIVE_MINUTES_MS;
}

/** Greedy: the best start, then the best that does not overlap those before; ties: the earliest. */
export function chooseStarts(
  profile: LoadProfile,
  firstStep: number,
  lengthSteps: number,
  windowsMax: number,
): readonly { readonly step: number; readonly score: number }[] {
  const chosen: { readonly step: number; readonly score: number }[] = [];
  const lastStep = profile.stepCount - lengthSteps;
  const scores = new Float64Array(Math.max(0, lastStep + 1)).fill(Infinity);
  for (let step = firstStep; step <= lastStep; step += 1) {
    const score = spanMean(profile.harmSum, step, step + lengthSteps);
    scores[step] = Math.round(score * SCORE_PARTS) / SCORE_PARTS;
  }
  while (chosen.length < windowsMax) {
    let best = -1;
    for (let step = firstStep; step <= lastStep; step += 1) {
      if (scores[step] < (best < 0 ? Infinity : scores[best])) best = step;
    }
    if (best < 0) break;
    chosen.push({ step: best, score: scores[best] });
    // What overlaps it is taken.
    scores.fill(Infinity, Math.max(0, best - lengthSteps + 1), best + lengthSteps);
  }
  return chosen;
}

function adviceOf(plain: PredictedCost): { readonly mode: MigrationMode; readonly cause: string } {
  const chance = `plain pre-copy converges with ${roundTo(plain.successProb * 100, 0)} %`;
  if (plain.successProb >= PRE_COPY_SUCCESS_MIN) return { mode: 'pre-copy', cause: chance };
  if (plain.successProb >= AUTO_CONVERGE_SUCCESS_MIN) {
    return { mode: 'auto-converge', cause: chance };
  }
  return { mode: 'post-copy', cause: chance };
}

function adviceFor(mode: MigrationMode, advice: { readonly cause: string }): WindowAdvice {
  return { mode, cause: advice.cause };
}

/** Chance that the load is at or below `limit`, from four figures of its distribution. */
function chanceBelow(limit: number, load: LoadQuantiles): number {
  if (limit >= load.p95) return 0.95;
  if (limit < load.p05) return 0.05;
  if (limit >= load.p50) return between(limit, load.p50, load.p95, 0.5);
  return between(limit, load.p05, load.p50, 0.05);
}

function between(limit: number, left: number, right: number, chance: number): number {
  return chance + 0.45 * ((limit - left) / (right - left));
}

function loadReason(window: LoadQuantiles, day: LoadQuantiles): string {
  return (
    `median load ${roundTo(window.p50, 1)} % against ${roundTo(day.p50, 1)} % over the day; ` +
    `19 times of 20 below ${roundTo(window.p95, 1)} %`
  );
}

function costReason(cost: PredictedCost): string {
  const seconds = roundTo(cost.totalTimeMs.p50 / 1000, 0);
  const secondsMax = roundTo(cost.totalTimeMs.p95 / 1000, 0);
  return (
    `about ${seconds} s, 19 times of 20 below ${secondsMax} s; pause about ` +
    `${cost.downtimeMs.p50} ms, below ${cost.downtimeMs.p95} ms`
  );
}

/** What had to be assumed about the VM, in words. */
export function assumptions(vm: VmSize, costs: CostPredictor): readonly string[] {
  const { settings } = costs;
  const notes = ['prior dirty rate: no migration was measured yet'];
  const gib = roundTo(memoryOf(vm, settings) / GIB_BYTES, 1);
  if (!(vm.memoryBytes !== undefined && vm.memoryBytes > 0)) {
    notes.push(`memory size is not known: ${gib} GiB is assumed`);
  }
  if (vm.usedMemoryBytes === undefined) {
    const share = settings.usedMemoryShare;
    notes.push(`memory in use is not known: ${share} of ${gib} GiB is assumed`);
  }
  if (!(vm.vcpus !== undefined && vm.vcpus > 0)) {
    notes.push(`number of vCPUs is not known: ${vcpusOf(vm, settings)} is assumed`);
  }
  return notes;
}
