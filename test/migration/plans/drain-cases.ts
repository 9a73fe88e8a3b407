// Random drain problems, and a check of a plan that knows nothing of how plans are made.
import type { DrainProblem, Placement } from '../../../src/migration/plans/drain-problem';
import { uniform } from '../../../src/core';

export interface CaseSize {
  readonly moves: number;
  readonly steps: number;
  readonly stepsPerBin: number;
  readonly inFlightMax: number;
  readonly durationMax: number;
}

/** Harm and durations of a load that goes up and down; calendars, groups, and order where asked. */
export function randomProblem(seed: number, size: CaseSize, constrained: boolean): DrainProblem {
  const { moves, steps, stepsPerBin, inFlightMax, durationMax } = size;
  const bins = Math.ceil(steps / stepsPerBin);
  const draw = (a: number, b = 0, c = 0): number => uniform(seed, a, b, c);
  const whole = Array.from({ length: moves }, (_, move) => move);
  const options = whole.map((move) => {
    const base = 1 + Math.floor(draw(move, 1) * durationMax);
    const durations = Array.from({ length: inFlightMax }, (_, at) =>
      Int32Array.from({ length: bins }, (__, bin) =>
        constrained && draw(move, 2, bin) < 0.1 ? 0 : base * (at + 1),
      ),
    );
    const harms = Array.from({ length: inFlightMax }, (_, at) =>
      Float64Array.from({ length: bins }, (__, bin) => (1 + 9 * draw(move, 3, bin)) * (at + 1)),
    );
    const allowedRun = new Int32Array(steps);
    for (let t = steps - 1; t >= 0; t -= 1) {
      const open = !constrained || draw(move, 4, Math.floor(t / 3)) > 0.2;
      allowedRun[t] = open ? 1 + (t + 1 < steps ? allowedRun[t + 1] : 0) : 0;
    }
    return { allowedRun, durations, harms, earliestStep: constrained && move % 4 === 1 ? 1 : 0 };
  });
  const pairs = constrained && moves >= 4;
  return {
    steps,
    stepsPerBin,
    moves: options,
    inFlightMax,
    targetOf: Int32Array.from(whole, (move) => move % 2),
    targetCount: 2,
    incomingMax: constrained ? 1 : inFlightMax,
    apart: whole.map((move) => (pairs && move < 2 ? [1 - move] : [])),
    after: whole.map((move) => (pairs && move === 3 ? [2] : [])),
  };
}

/** Every rule that the plan breaks, in words. */
export function faultsOf(
  problem: DrainProblem,
  placements: readonly (Placement | undefined)[],
): readonly string[] {
  const faults: string[] = [];
  const all = placements.flatMap((one, move) => (one === undefined ? [] : [{ move, ...one }]));
  for (const { move, start, duration, share, harm } of all) {
    const option = problem.moves[move];
    const bin = Math.floor(start / problem.stepsPerBin);
    if (duration !== option.durations[share - 1][bin]) faults.push(`${move}: duration`);
    if (harm !== option.harms[share - 1][bin]) faults.push(`${move}: harm`);
    if (duration < 1 || duration > option.allowedRun[start]) faults.push(`${move}: calendar`);
    if (start + duration > problem.steps) faults.push(`${move}: deadline`);
    if (start < option.earliestStep) faults.push(`${move}: cool-down`);
    for (let t = start; t < start + duration; t += 1) {
      const beside = all.filter((one) => one.start <= t && t < one.start + one.duration);
      if (beside.length > share) faults.push(`${move}: bandwidth at ${t}`);
      const same = beside.filter((one) => problem.targetOf[one.move] === problem.targetOf[move]);
      if (same.length > problem.incomingMax) faults.push(`${move}: target at ${t}`);
      if (beside.some((one) => problem.apart[move].includes(one.move)))
        faults.push(`${move}: group`);
    }
    for (const before of problem.after[move]) {
      const first = placements[before];
      if (first === undefined || first.start + first.duration > start)
        faults.push(`${move}: order`);
    }
  }
  return faults;
}

/** Every plan there is: the most moves, then the least harm. Exponential. */
export function bruteForce(problem: DrainProblem): { count: number; harm: number } {
  let best = { count: 0, harm: 0 };
  const placements: (Placement | undefined)[] = problem.moves.map(() => undefined);
  const visit = (move: number, count: number, harm: number): void => {
    if (count + problem.moves.length - move < best.count) return;
    if (move === problem.moves.length) {
      if (count > best.count || harm < best.harm) {
        if (faultsOf(problem, placements).length === 0) best = { count, harm };
      }
      return;
    }
    const { durations, harms, allowedRun, earliestStep } = problem.moves[move];
    for (let share = 1; share <= problem.inFlightMax; share += 1) {
      for (let start = earliestStep; start < problem.steps; start += 1) {
        const bin = Math.floor(start / problem.stepsPerBin);
        const duration = durations[share - 1][bin];
        if (duration < 1 || duration > allowedRun[start] || start + duration > problem.steps)
          continue;
        placements[move] = { start, duration, share, harm: harms[share - 1][bin] };
        visit(move + 1, count + 1, harm + harms[share - 1][bin]);
      }
    }
    placements[move] = undefined;
    visit(move + 1, count, harm);
  };
  visit(0, 0, 0);
  return best;
}
