// Ranked windows of a day, row by row: the oracle.
import { roundTo } from '../../../core';
import {
  checkCostRows,
  checkPreCopyCases,
  type CostRows,
  type PreCopyCases,
  type PreCopyOutcomes,
} from '../../copy-rows';
import {
  checkRankRows,
  DAY_LENGTH_MS,
  DAY_PLAIN_SUCCESS,
  DAY_WIDTH,
  FIGURE,
  NO_MODE,
  COPY_MODES,
  CORRECTION_WIDTH,
  rankWidth,
  WINDOW,
  WINDOW_WIDTH,
  WindowsKernels,
  type CopyMode,
  type CopySettings,
  type RankedRows,
  type RankRows,
  type RankSettings,
} from '../../windows-kernels';
import { correctCopy, modeOf, predictCopy, type CopyCost } from './copy-cost';
import { costRows, preCopyRows, sizeOf } from './cost-rows';
import { LoadProfiles, spanLoad, spanMean, type LoadProfile, type SpanLoad } from './load-profile';

/** Scores are compared in ten-thousandths of a percent. */
const SCORE_PARTS = 10_000;

export class ReferenceWindows extends WindowsKernels {
  override rank(rows: RankRows, copy: CopySettings, settings: RankSettings): Promise<RankedRows> {
    checkRankRows(rows);
    const { rowCount } = rows;
    const width = rankWidth(settings.windowsMax);
    const ranked: RankedRows = {
      figures: new Float64Array(rowCount * width).fill(Number.NaN),
      counts: new Int32Array(rowCount).fill(-1),
      modes: new Int32Array(rowCount).fill(NO_MODE),
    };
    const profiles = new LoadProfiles(rows);
    for (let row = 0; row < rowCount; row += 1) {
      if (rows.skip[row] !== 0) continue;
      const figures = ranked.figures.subarray(row * width, (row + 1) * width);
      const { count, mode } = rankRow(rows, row, profiles.row(row), copy, settings, figures);
      ranked.counts[row] = count;
      ranked.modes[row] = mode;
    }
    return Promise.resolve(ranked);
  }

  override async cost(rows: CostRows, copy: CopySettings): Promise<Float64Array> {
    checkCostRows(rows);
    return costRows(rows, copy);
  }

  override async preCopy(cases: PreCopyCases): Promise<PreCopyOutcomes> {
    checkPreCopyCases(cases);
    return preCopyRows(cases);
  }
}

function rankRow(
  rows: RankRows,
  row: number,
  profile: LoadProfile,
  copy: CopySettings,
  settings: RankSettings,
  figures: Float64Array,
): { readonly count: number; readonly mode: number } {
  const { stepMs, startMs } = rows;
  const size = sizeOf(rows, row);
  const learned = rows.corrections?.subarray(row * CORRECTION_WIDTH, (row + 1) * CORRECTION_WIDTH);
  const costAt = (cpuPct: number, by: CopyMode): CopyCost => {
    const cost = predictCopy(size, cpuPct, by, copy);
    return learned === undefined ? cost : correctCopy(cost, by, learned);
  };
  const load = spanLoad(profile, 0, profile.stepCount);
  const plain = costAt(load.mean, 'pre-copy');
  const mode = modeOf(plain.successProb);
  // The longest that any window of the day can need: P95 does not fall with the load.
  const longest = costAt(profile.meanMax, mode);
  const lengthMs = lengthOf(longest, settings, stepMs);
  writeFigures(figures, 0, load, costAt(load.mean, mode));
  figures[DAY_LENGTH_MS] = lengthMs;
  figures[DAY_PLAIN_SUCCESS] = plain.successProb;
  const lengthSteps = lengthMs / stepMs;
  if (settings.firstStep + lengthSteps > profile.stepCount) return { count: 0, mode: NO_MODE };
  const { stepCount } = profile;
  const barred = rows.barred?.subarray(row * stepCount, (row + 1) * stepCount);
  const starts = chooseStarts(profile, settings, lengthSteps, barred);
  starts.forEach(({ step, score }, index) => {
    const from = DAY_WIDTH + index * WINDOW_WIDTH;
    const window = spanLoad(profile, step, step + lengthSteps);
    const cost = costAt(window.mean, mode);
    const notBeforeMs = startMs + step * stepMs;
    const notAfterMs = notBeforeMs + lengthMs;
    writeFigures(figures, from, window, cost);
    figures[from + WINDOW.notBeforeMs] = notBeforeMs;
    figures[from + WINDOW.latestStartMs] = notAfterMs - cost.totalTimeMs.p95;
    figures[from + WINDOW.notAfterMs] = notAfterMs;
    figures[from + WINDOW.score] = score;
    figures[from + WINDOW.confidence] = roundTo(chanceBelow(load.mean, window), 3);
  });
  return { count: starts.length, mode: COPY_MODES.indexOf(mode) };
}

function writeFigures(figures: Float64Array, from: number, load: SpanLoad, cost: CopyCost): void {
  figures[from + FIGURE.loadMeanPct] = load.mean;
  figures[from + FIGURE.loadP05Pct] = load.p05;
  figures[from + FIGURE.loadP50Pct] = load.p50;
  figures[from + FIGURE.loadP95Pct] = load.p95;
  figures[from + FIGURE.totalTimeMsP50] = cost.totalTimeMs.p50;
  figures[from + FIGURE.totalTimeMsP95] = cost.totalTimeMs.p95;
  figures[from + FIGURE.downtimeMsP50] = cost.downtimeMs.p50;
  figures[from + FIGURE.downtimeMsP95] = cost.downtimeMs.p95;
  figures[from + FIGURE.bytesSentP50] = cost.bytesSent.p50;
  figures[from + FIGURE.bytesSentP95] = cost.bytesSent.p95;
  figures[from + FIGURE.successProb] = cost.successProb;
}

/** P95 of the time rounded up to whole steps, at least the minimum, plus slack in whole steps. */
function lengthOf(cost: CopyCost, settings: RankSettings, stepMs: number): number {
  const needed = Math.max(settings.lengthMsMin, cost.totalTimeMs.p95);
  return (Math.ceil(needed / stepMs) + Math.ceil(settings.slackMs / stepMs)) * stepMs;
}

/**
 * Greedy: the best start, then the best that does not overlap those before; ties: the earliest.
 * The score is rounded to 1e-4 before it is compared, so that the order is the same everywhere.
 */
function chooseStarts(
  profile: LoadProfile,
  { firstStep, windowsMax }: RankSettings,
  lengthSteps: number,
  barred: Uint8Array | undefined,
): readonly { readonly step: number; readonly score: number }[] {
  const chosen: { readonly step: number; readonly score: number }[] = [];
  const lastStep = profile.stepCount - lengthSteps;
  const scores = new Float64Array(Math.max(0, lastStep + 1)).fill(Infinity);
  for (let step = firstStep; step <= lastStep; step += 1) {
    const score = spanMean(profile.harmSum, step, step + lengthSteps);
    const open = barred === undefined || !barred.subarray(step, step + lengthSteps).includes(1);
    if (open) scores[step] = Math.round(score * SCORE_PARTS) / SCORE_PARTS;
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

/** Chance that the load is at or below `limit`, from four figures of its distribution. */
function chanceBelow(limit: number, load: SpanLoad): number {
  if (limit >= load.p95) return 0.95;
  if (limit < load.p05) return 0.05;
  if (limit >= load.p50) return between(limit, load.p50, load.p95, 0.5);
  return between(limit, load.p05, load.p50, 0.05);
}

function between(limit: number, left: number, right: number, chance: number): number {
  return chance + 0.45 * ((limit - left) / (right - left));
}
