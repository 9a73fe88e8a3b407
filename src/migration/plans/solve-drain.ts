// Places all moves of a drain: several greedy builds, then repair and local search; and the bound.
import { runningSum } from '../../kernels';
import type { DrainProblem, Placement } from './drain-problem';
import { harmBound, hasStart, type HarmBound } from './harm-bound';
import { inOrder, ordersOf } from './move-orders';
import { Schedule, type Valuation } from './schedule';

export interface DrainSolution {
  /** (moves); undefined where a move has no place. */
  readonly placements: readonly (Placement | undefined)[];
  readonly harm: number;
  /** No plan of the placed moves has less harm; at most `harm`. */
  readonly bound: number;
  /** (steps) what the bandwidth of each step is worth. */
  readonly prices: Float64Array;
}

const ROUNDS_MAX = 12;
/** A place is freed by taking out at most so many others. */
const EJECTED_MAX = 4;
/** Calls of `best`, each O(shares x steps): a third of a second on 2.5 GHz. */
const CELLS_MAX = 120_000_000;

/**
 * Deterministic: same problem and seed, same plan. `known`: prices of a problem alike; then they lead,
 * and no bound is computed (0).
 */
export function solveDrain(
  problem: DrainProblem,
  seed: number,
  known?: Float64Array,
): DrainSolution {
  const moves = problem.moves.map((_, move) => move).filter((move) => hasStart(problem, move));
  const orders = ordersOf(problem, moves, seed);
  const early = orders.map((order) => built(problem, order, { by: 'end' }));
  const dense = orders.map((order) => built(problem, order, { by: 'room' }));
  const quiet = orders.map((order) => built(problem, order, { by: 'harm' }));
  let best = better([...early, ...dense, ...quiet]);
  const first = placedMoves(best);
  const { sums, prices } =
    known === undefined ? harmBound(problem, first, best.harm) : summed(known, problem.steps);
  const priced = orders.map((order) => built(problem, order, { by: 'price', sums }));
  best = better([best, ...priced]);
  const budget = { cells: CELLS_MAX };
  const improved = [best, better(priced)].map((one) =>
    search(problem, copied(problem, one), moves, sums, budget),
  );
  best = better(improved);
  const placed = placedMoves(best);
  const bound =
    placed.length === 0 || known !== undefined
      ? 0
      : harmBound(problem, placed, best.harm, prices).harm;
  return {
    placements: best.placements,
    harm: best.harm,
    bound: Math.max(0, Math.min(best.harm, bound)),
    prices,
  };
}

function summed(prices: Float64Array, steps: number): Pick<HarmBound, 'prices' | 'sums'> {
  return { prices: prices.subarray(0, steps), sums: runningSum(steps, (t) => prices[t]) };
}

function placedMoves(schedule: Schedule): readonly number[] {
  return schedule.placements.flatMap((one, move) => (one === undefined ? [] : [move]));
}

function built(problem: DrainProblem, order: readonly number[], valuation: Valuation): Schedule {
  const schedule = new Schedule(problem);
  for (const move of order) {
    const place = schedule.best(move, valuation);
    if (place !== undefined) schedule.place(move, place);
  }
  return schedule;
}

/** Most moves first, then least harm, then the first of equals. */
function better(schedules: readonly Schedule[]): Schedule {
  return schedules.reduce((best, one) => (isBetter(one, best) ? one : best));
}

const HARM_EPSILON = 1e-9; // below it a change of harm is rounding

function isBetter(one: Schedule, than: Schedule): boolean {
  if (one.placedCount !== than.placedCount) return one.placedCount > than.placedCount;
  return one.harm < than.harm - HARM_EPSILON;
}

function copied(problem: DrainProblem, from: Schedule): Schedule {
  const copy = new Schedule(problem);
  from.placements.forEach((placement, move) => {
    if (placement !== undefined) copy.place(move, placement);
  });
  return copy;
}

/** Moves one at a time to a better place, and takes others out of the way where that pays. */
function search(
  problem: DrainProblem,
  schedule: Schedule,
  moves: readonly number[],
  sums: Float64Array,
  budget: { cells: number },
): Schedule {
  const cells = problem.steps * problem.inFlightMax;
  const valuations: readonly Valuation[] = [{ by: 'harm' }, { by: 'price', sums }];
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    let gained = false;
    for (const move of moves) {
      if (budget.cells <= 0) return schedule;
      budget.cells -= cells;
      gained = shifted(schedule, move) || gained;
      for (const valuation of valuations) {
        budget.cells -= cells * 3;
        gained = forced(problem, schedule, move, valuation) || gained;
      }
    }
    if (!gained) break;
  }
  return schedule;
}

function shifted(schedule: Schedule, move: number): boolean {
  const before = schedule.remove(move);
  const place = schedule.best(move, { by: 'harm' });
  if (place === undefined) {
    if (before !== undefined) schedule.place(move, before);
    return false;
  }
  const gain = before === undefined || place.harm < before.harm - HARM_EPSILON;
  schedule.place(move, gain ? place : (before as Placement));
  return gain;
}

/** Puts a move where it would be alone, and those in the way elsewhere; undone where that costs. */
function forced(
  problem: DrainProblem,
  schedule: Schedule,
  move: number,
  valuation: Valuation,
): boolean {
  const before = schedule.placements[move];
  const wanted = alone(problem, move, valuation);
  if (wanted === undefined) return false;
  if (before !== undefined && wanted.harm >= before.harm - HARM_EPSILON) return false;
  const others = schedule.conflicts(move, wanted);
  if (others.length > EJECTED_MAX) return false;
  const kept = [move, ...others].map((one) => [one, schedule.placements[one]] as const);
  const [count, harm] = [schedule.placedCount, schedule.harm];
  for (const [one] of kept) schedule.remove(one);
  const by: Valuation = { by: before === undefined ? 'room' : 'harm' };
  const fits = schedule.best(move, by);
  if (fits !== undefined) schedule.place(move, fits);
  for (const other of inOrder(problem, others)) {
    const place = schedule.best(other, by);
    if (place !== undefined) schedule.place(other, place);
  }
  const placed = schedule.placedCount;
  const gains = placed > count || (placed === count && schedule.harm < harm - HARM_EPSILON);
  if (gains && schedule.keepsOrder()) return true;
  for (const [one] of kept) schedule.remove(one);
  for (const [one, placement] of kept) if (placement !== undefined) schedule.place(one, placement);
  return false;
}

const alones = new WeakMap<DrainProblem, Schedule>();

function alone(problem: DrainProblem, move: number, valuation: Valuation): Placement | undefined {
  let empty = alones.get(problem);
  if (empty === undefined) alones.set(problem, (empty = new Schedule(problem)));
  return problem.after[move].length > 0 ? undefined : empty.best(move, valuation);
}
