// The planning of a drain as numbers: moves, their starts on a grid, and what they share.
//
// Symbols: a move is one VM's migration; a step is one cell of the grid; a bin holds `stepsPerBin`
// steps of equal harm and duration; share k means "at most k moves are in flight while I run", so
// that each of them has at least 1/k of the bandwidth.

/** Every way to move one VM. */
export interface MoveOptions {
  /** (steps) how many steps from each one on calendars allow without a break; 0 = none. */
  readonly allowedRun: Int32Array;
  /** [k - 1](bins) steps that a move started in the bin takes; 0 = not possible. */
  readonly durations: readonly Int32Array[];
  /** [k - 1](bins) expected harm of a move started in the bin. */
  readonly harms: readonly Float64Array[];
  /** No step before it (cool-down). */
  readonly earliestStep: number;
}

export interface DrainProblem {
  /** The deadline: every move ends at or before this step. */
  readonly steps: number;
  readonly stepsPerBin: number;
  readonly moves: readonly MoveOptions[];
  /** Shares are 1 to this; more are never in flight at once. */
  readonly inFlightMax: number;
  /** (moves) index of the target host. */
  readonly targetOf: Int32Array;
  readonly targetCount: number;
  /** Most moves that one target receives at once. */
  readonly incomingMax: number;
  /** Of each move: those that are never in flight beside it. */
  readonly apart: readonly (readonly number[])[];
  /** Of each move: those that end before it starts. No cycle. */
  readonly after: readonly (readonly number[])[];
}

export interface Placement {
  readonly start: number;
  /** Steps. */
  readonly duration: number;
  readonly share: number;
  readonly harm: number;
}

/** Steps of a move with share `share` from `start` on; 0 where it may not start. */
export function durationAt(
  problem: DrainProblem,
  move: number,
  share: number,
  start: number,
): number {
  const { allowedRun, durations, earliestStep } = problem.moves[move];
  if (start < earliestStep) return 0;
  const duration = durations[share - 1][Math.floor(start / problem.stepsPerBin)];
  return duration <= allowedRun[start] && start + duration <= problem.steps ? duration : 0;
}
