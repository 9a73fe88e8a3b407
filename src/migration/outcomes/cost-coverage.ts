// How right predicted costs were: coverage of P50 and P95 per night, and an alarm when they drift.
import { localDate } from '../../core';
import { MEASURES, type Measure } from './outcome-schema';
import type { OutcomeRecord } from './outcome-store';

/** Of one measure over some migrations. */
export interface Coverage {
  readonly measure: Measure;
  /** Migrations that it was measured and predicted of; the rest is about these. */
  readonly judged: number;
  /** Share at or below the predicted P50; half where predictions are right. */
  readonly p50Cover?: number;
  /** Share at or below the predicted P95. */
  readonly p95Cover?: number;
  /** Median of measured / predicted P50. */
  readonly medianRatio?: number;
}

export interface NightCoverage {
  /** Local date of the starts. */
  readonly date: string;
  readonly migrations: number;
  readonly measures: readonly Coverage[];
}

export interface Drift {
  readonly measure: Measure;
  readonly direction: 'dearer' | 'cheaper';
  /** For an operator, with the numbers. */
  readonly reason: string;
}

/** The newest migrations that are asked for drift: older ones would hide a change for weeks. */
export const DRIFT_MIGRATIONS = 60;
const JUDGED_MIN = 15; // with fewer, 1 of 1,000 is not reached by anything but a total failure
/** Chance of an alarm of a measure and level though predictions are right, each time it is asked. */
const FALSE_ALARM = 0.001;

/** Only what the cost model may learn from counts. By date. O(n log n). */
export function nightCoverage(
  records: readonly OutcomeRecord[],
  timeZone: string,
): readonly NightCoverage[] {
  const nights = new Map<string, OutcomeRecord[]>();
  for (const record of records) {
    if (!record.judgement.learned) continue;
    const date = localDate(record.outcome.startedAtMs, timeZone);
    const night = nights.get(date);
    if (night === undefined) nights.set(date, [record]);
    else night.push(record);
  }
  return [...nights]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([date, night]) => ({ date, migrations: night.length, measures: costCoverage(night) }));
}

/** Of each measure; only what the cost model may learn from counts. */
export function costCoverage(records: readonly OutcomeRecord[]): readonly Coverage[] {
  return MEASURES.map((measure) => {
    const pairs = pairsOf(records, measure);
    const judged = pairs.length;
    if (judged === 0) return { measure, judged };
    const { above50, above95 } = beyond(pairs);
    const ratios = pairs.map(({ real, p50 }) => real / p50).toSorted((a, b) => a - b);
    return {
      measure,
      judged,
      p50Cover: (judged - above50) / judged,
      p95Cover: (judged - above95) / judged,
      medianRatio: (ratios[(judged - 1) >> 1] + ratios[judged >> 1]) / 2,
    };
  });
}

/**
 * Of the newest DRIFT_MIGRATIONS records (in the order of arrival): too many beyond P95 by the
 * binomial distribution, or too many on one side of P50. Exact tails, no normal approximation.
 */
export function costDrift(records: readonly OutcomeRecord[]): readonly Drift[] {
  const newest = records.filter(({ judgement }) => judgement.learned).slice(-DRIFT_MIGRATIONS);
  return costCoverage(newest).flatMap(({ measure, judged, medianRatio }) => {
    if (judged < JUDGED_MIN) return [];
    const { above50, above95 } = beyond(pairsOf(newest, measure));
    const told = (direction: Drift['direction']): readonly Drift[] => [
      {
        measure,
        direction,
        reason:
          `${measure} of the last ${judged} migrations: ${above50} above the predicted P50, ` +
          `${above95} above P95, median ${medianRatio?.toFixed(2)} times the prediction`,
      },
    ];
    if (tail(above95, judged, 0.05) < FALSE_ALARM) return told('dearer');
    if (tail(above50, judged, 0.5) < FALSE_ALARM / 2) return told('dearer');
    if (tail(judged - above50, judged, 0.5) < FALSE_ALARM / 2) return told('cheaper');
    return [];
  });
}

interface Pair {
  readonly real: number;
  readonly p50: number;
  readonly p95: number;
}

function beyond(pairs: readonly Pair[]): { readonly above50: number; readonly above95: number } {
  return {
    above50: pairs.filter(({ real, p50 }) => real > p50).length,
    above95: pairs.filter(({ real, p95 }) => real > p95).length,
  };
}

function pairsOf(records: readonly OutcomeRecord[], measure: Measure): readonly Pair[] {
  return records.flatMap(({ outcome, predicted, judgement }) => {
    const real = outcome[measure];
    const said = predicted?.[measure];
    const counts = judgement.learned && real !== undefined && said !== undefined && said.p50 > 0;
    return counts ? [{ real, ...said }] : [];
  });
}

/** P(X >= hits) of X binomial. Exact sum of at most `trials` + 1 terms. */
function tail(hits: number, trials: number, chance: number): number {
  let term = (1 - chance) ** trials; // of 0 hits; 60 trials at one half are 1e-18, far from 0
  let below = 0;
  for (let at = 0; at < hits; at += 1) {
    below += term;
    term *= ((trials - at) / (at + 1)) * (chance / (1 - chance));
  }
  return 1 - below;
}
