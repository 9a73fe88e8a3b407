// A lower bound of the harm of any plan, by Lagrangian relaxation of the shared bandwidth.
//
// Symbols: h(i, t, k) harm and d(i, t, k) steps of move i started at t with share k; l(u) >= 0 price
// of step u. A plan has at most k moves in flight wherever one of share k is, so the shares 1/k of
// the moves in flight sum to at most 1. For any prices
//   L(l) = sum_i min_{t,k} [ h(i,t,k) + sum_{u = t}^{t+d-1} l(u) / k ] - sum_u l(u)
// is at most the harm of every plan (weak duality; Geoffrion 1974). Groups, order, and caps of the
// targets are left out, which only lowers it. The prices come from a subgradient ascent with
// Polyak's step (1969); how good they are changes the bound, never its validity.
import { durationAt, type DrainProblem } from './drain-problem';

export interface HarmBound {
  /** No plan that moves all `moves` has less harm. */
  readonly harm: number;
  /** l(u) of the best bound. */
  readonly prices: Float64Array;
  /** Their sums: sums[t] = sum of l over [0, t). */
  readonly sums: Float64Array;
}

/** Cells (moves x steps x shares) looked at in one ascent: 0.15 s on a 2.5 GHz core. */
const WORK_MAX = 30_000_000;
const ITERATIONS_MIN = 12;
const ITERATIONS_MAX = 250;
/** A bound this near, beside the plan's harm, is near enough. */
const GAP_ENOUGH = 1e-5;
/** Polyak's step is halved after so many iterations without a better bound. */
const PATIENCE = 8;

/**
 * `planHarm`: harm of a plan that is known, the aim of the step; `from`: prices to go on from. Infinity (no place at all for one
 * of them) when a move has no start. O(iterations x moves x steps x shares).
 */
export function harmBound(
  problem: DrainProblem,
  moves: readonly number[],
  planHarm: number,
  from?: Float64Array,
): HarmBound {
  const { steps, inFlightMax } = problem;
  const cells = Math.max(1, moves.length * steps * inFlightMax);
  const iterations = Math.min(
    ITERATIONS_MAX,
    Math.max(ITERATIONS_MIN, Math.floor(WORK_MAX / cells)),
  );
  const prices = from?.slice() ?? new Float64Array(steps);
  const sums = new Float64Array(steps + 1);
  const used = new Float64Array(steps);
  let best: HarmBound = { harm: -Infinity, prices: prices.slice(), sums: sums.slice() };
  let pace = 1;
  let stale = 0;
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    for (let t = 0; t < steps; t += 1) sums[t + 1] = sums[t] + prices[t];
    const harm = relaxed(problem, moves, sums, used);
    if (harm > best.harm) {
      best = { harm, prices: prices.slice(), sums: sums.slice() };
      stale = 0;
    } else if (++stale >= PATIENCE) {
      pace /= 2;
      stale = 0;
    }
    let length = 0;
    for (let t = 0; t < steps; t += 1) length += (used[t] - 1) * (used[t] - 1);
    const gap = planHarm - harm;
    const near = !(gap > GAP_ENOUGH * planHarm) || !Number.isFinite(gap);
    if (length === 0 || near) break;
    const step = (pace * gap) / length;
    for (let t = 0; t < steps; t += 1) {
      const price = prices[t] + step * (used[t] - 1);
      prices[t] = price > 0 ? price : 0;
    }
  }
  return best;
}

/** L(l); writes the bandwidth that its minimisers use at each step. */
function relaxed(
  problem: DrainProblem,
  moves: readonly number[],
  sums: Float64Array,
  used: Float64Array,
): number {
  used.fill(0);
  let total = -sums[problem.steps];
  for (const move of moves) {
    const { value, start, duration, share } = cheapest(problem, move, sums);
    total += value;
    for (let t = start; t < start + duration; t += 1) used[t] += 1 / share;
  }
  return total;
}

function cheapest(problem: DrainProblem, move: number, sums: Float64Array) {
  const { steps, stepsPerBin, inFlightMax } = problem;
  const { allowedRun, durations, harms, earliestStep } = problem.moves[move];
  const best = { value: Infinity, start: 0, duration: 0, share: 1 };
  for (let share = 1; share <= inFlightMax; share += 1) {
    const duration = durations[share - 1];
    const harm = harms[share - 1];
    for (let t = earliestStep; t < steps; t += 1) {
      const bin = (t / stepsPerBin) | 0;
      const length = duration[bin];
      if (length === 0 || length > allowedRun[t] || t + length > steps) continue;
      const value = harm[bin] + (sums[t + length] - sums[t]) / share;
      if (value < best.value) {
        best.value = value;
        best.start = t;
        best.duration = length;
        best.share = share;
      }
    }
  }
  return best;
}

/** Whether a move has a start at all, whatever the others do. */
export function hasStart(problem: DrainProblem, move: number): boolean {
  for (let share = 1; share <= problem.inFlightMax; share += 1) {
    for (let t = 0; t < problem.steps; t += 1) {
      if (durationAt(problem, move, share, t) > 0) return true;
    }
  }
  return false;
}
