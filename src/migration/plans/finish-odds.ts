// How likely the plan ends in time: every duration drawn many times from its P50 and P95.
import { normal } from '../../core';
import { logSigma } from './move-options';

export interface TimedMove {
  readonly startMs: number;
  readonly parallelMax: number;
  readonly totalTimeMs: { readonly p50: number; readonly p95: number };
}

export interface FinishOdds {
  readonly inTimeProb: number;
  readonly emptyAtMsP95: number;
}

const DRAWS = 400; // the P95 of 400 draws is known to 2 % of the ranks
/** The round limit of an executor ends what a log-normal would draw out for ever. */
const TAIL_MAX = 2;

/**
 * `moves` by start. A move starts when it is planned, or later when as many as it bears are still in
 * flight; durations are log-normal and independent. O(draws x moves x parallelMax).
 */
export function finishOdds(moves: readonly TimedMove[], byMs: number, seed: number): FinishOdds {
  const ends = new Float64Array(DRAWS);
  for (let draw = 0; draw < DRAWS; draw += 1) ends[draw] = lastEnd(moves, seed, draw);
  const inTime = ends.filter((end) => end <= byMs).length;
  ends.sort();
  return {
    inTimeProb: inTime / DRAWS,
    emptyAtMsP95: Math.round(ends[Math.ceil(0.95 * DRAWS) - 1]),
  };
}

function lastEnd(moves: readonly TimedMove[], seed: number, draw: number): number {
  let inFlight: { endMs: number; parallelMax: number }[] = [];
  let last = 0;
  moves.forEach(({ startMs, parallelMax, totalTimeMs }, at) => {
    const { p50, p95 } = totalTimeMs;
    const late = Math.exp(logSigma(totalTimeMs) * normal(seed, draw, at));
    const tookMs = Math.min(p95 * TAIL_MAX, p50 * late);
    let fromMs = startMs;
    inFlight = inFlight.filter(({ endMs }) => endMs > fromMs).toSorted((a, b) => a.endMs - b.endMs);
    while (inFlight.length >= Math.min(parallelMax, ...inFlight.map((one) => one.parallelMax))) {
      fromMs = inFlight[0].endMs;
      inFlight.shift();
    }
    inFlight.push({ endMs: fromMs + tookMs, parallelMax });
    last = Math.max(last, fromMs + tookMs);
  });
  return last;
}
