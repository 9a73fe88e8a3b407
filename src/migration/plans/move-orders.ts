// Orders in which moves are placed one after the other.
import { uniform } from '../../core';
import type { DrainProblem } from './drain-problem';

const SHUFFLED_BUILDS = 6;

/** The longest first, the choosiest first, and shuffled ones; each keeps the order of dependencies. */
export function ordersOf(
  problem: DrainProblem,
  moves: readonly number[],
  seed: number,
): readonly (readonly number[])[] {
  const length = (move: number): number => Math.max(...problem.moves[move].durations[0]);
  const choice = (move: number): number => {
    const { allowedRun, durations } = problem.moves[move];
    const bins = durations[0];
    return allowedRun.filter((run, t) => {
      const steps = bins[(t / problem.stepsPerBin) | 0];
      return steps > 0 && steps <= run;
    }).length;
  };
  const keys: ((move: number) => number)[] = [
    (move) => -length(move),
    choice,
    ...Array.from(
      { length: SHUFFLED_BUILDS },
      (_, at) =>
        (move: number): number =>
          uniform(seed, move, at),
    ),
  ];
  return keys.map((key) => {
    const values = new Map(moves.map((move) => [move, key(move)]));
    const sorted = moves.toSorted((a, b) => (values.get(a) ?? 0) - (values.get(b) ?? 0) || a - b);
    return inOrder(problem, sorted);
  });
}

/** Those that must go first come first; else as given. */
export function inOrder(problem: DrainProblem, sorted: readonly number[]): readonly number[] {
  const done = new Set<number>();
  const ordered: number[] = [];
  const visit = (move: number): void => {
    if (done.has(move)) return;
    done.add(move);
    for (const before of problem.after[move]) if (sorted.includes(before)) visit(before);
    ordered.push(move);
  };
  for (const move of sorted) visit(move);
  return ordered;
}
