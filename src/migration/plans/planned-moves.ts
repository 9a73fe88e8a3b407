// Placed moves as a plan tells them, and the solution whose draws end in time.
import { FIVE_MINUTES_MS, roundTo } from '../../core';
import type { DrainCase, Mover } from './drain-case';
import type { Placement } from './drain-problem';
import { finishOdds, type FinishOdds } from './finish-odds';
import { harmOf, loadWhileMoved, type Grid } from './move-options';
import type { PlannedMove } from './plan-records';
import { solveDrain, type DrainSolution } from './solve-drain';

/** Draws that end in time below which an earlier deadline is tried. */
const IN_TIME_MIN = 0.95;
const TRIES = 2;

/**
 * The plan of least harm; where its draws end late too often, one against a deadline that is earlier
 * by what they overran, as long as that leaves no more VMs behind.
 */
export function solveInTime(drain: DrainCase, seed: number): DrainSolution {
  const { problem, grid, request } = drain;
  let best = solveDrain(problem, seed);
  let bestOdds = oddsOf(drain, best, seed);
  let { steps } = problem;
  for (let tries = 0; tries < TRIES && bestOdds.inTimeProb < IN_TIME_MIN; tries += 1) {
    steps -= Math.max(1, Math.ceil((bestOdds.emptyAtMsP95 - request.byMs) / grid.stepMs));
    if (steps <= 0) break;
    const tighter = solveDrain({ ...problem, steps }, seed, best.prices);
    const odds = oddsOf(drain, tighter, seed);
    if (countOf(tighter) < countOf(best) || odds.inTimeProb <= bestOdds.inTimeProb) break;
    // The bound stays that of the given deadline: it holds for every plan in time.
    best = { ...tighter, bound: Math.min(best.bound, tighter.harm), prices: best.prices };
    bestOdds = odds;
  }
  return best;
}

function countOf({ placements }: DrainSolution): number {
  return placements.filter((one) => one !== undefined).length;
}

function oddsOf(drain: DrainCase, { placements }: DrainSolution, seed: number): FinishOdds {
  return finishOdds(plannedMoves(drain, placements), drain.request.byMs, seed);
}

export function plannedMoves(
  { movers, grid }: DrainCase,
  placements: readonly (Placement | undefined)[],
): readonly PlannedMove[] {
  const moves = movers.flatMap((mover, at) => {
    const placement = placements[at];
    return placement === undefined ? [] : [plannedMove(mover, placement, grid)];
  });
  return moves.toSorted((a, b) => a.startMs - b.startMs || (a.vmId < b.vmId ? -1 : 1));
}

function plannedMove(
  { vm, load, costs, target }: Mover,
  place: Placement,
  grid: Grid,
): PlannedMove {
  const startMs = grid.startMs + place.start * grid.stepMs;
  const bin = Math.floor((place.start * grid.stepMs) / FIVE_MINUTES_MS);
  const binMs = grid.startMs + bin * FIVE_MINUTES_MS;
  const loadPct = loadWhileMoved(costs, vm, load, binMs, place.share);
  const cost = costs.of(vm, loadPct, place.share);
  if (cost === undefined) throw new Error(`VM '${vm.vmId}' was placed where it cannot be moved`);
  return {
    vmId: vm.vmId,
    target: target.host,
    startMs,
    endMs: startMs + place.duration * grid.stepMs,
    mode: cost.mode,
    parallelMax: place.share,
    loadPct: roundTo(loadPct, 2),
    totalTimeMs: cost.totalTimeMs,
    downtimeMs: cost.downtimeMs,
    bytesSent: cost.bytesSent,
    successProb: cost.successProb,
    harm: roundTo(harmOf(vm, loadPct, cost), 4),
  };
}
