import fc from 'fast-check';
import { harmBound } from '../../../src/migration/plans/harm-bound';
import { solveDrain } from '../../../src/migration/plans/solve-drain';
import { bruteForce, faultsOf, randomProblem, type CaseSize } from './drain-cases';

const SMALL: CaseSize = { moves: 4, steps: 8, stepsPerBin: 2, inFlightMax: 2, durationMax: 2 };

describe('the planner of a drain', () => {
  it('breaks no cap, calendar, group, order, cool-down, or deadline', () => {
    const sizes = fc.record({
      moves: fc.integer({ min: 0, max: 14 }),
      steps: fc.integer({ min: 1, max: 40 }),
      stepsPerBin: fc.integer({ min: 1, max: 5 }),
      inFlightMax: fc.integer({ min: 1, max: 3 }),
      durationMax: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 1e6 }), (size, seed) => {
        const problem = randomProblem(seed, size, true);
        const { placements, harm, bound } = solveDrain(problem, seed);
        expect(faultsOf(problem, placements)).toEqual([]);
        expect(harm).toBeCloseTo(
          placements.reduce((sum, one) => sum + (one?.harm ?? 0), 0),
          9,
        );
        expect(bound).toBeLessThanOrEqual(harm + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

  it.each([false, true])('against every plan there is (constrained: %s)', (constrained) => {
    let optimal = 0;
    let excess = 0;
    const cases = 16;
    for (let seed = 0; seed < cases; seed += 1) {
      const problem = randomProblem(seed, SMALL, constrained);
      const exact = bruteForce(problem);
      const found = solveDrain(problem, seed);
      const count = found.placements.filter((one) => one !== undefined).length;
      expect([seed, count]).toEqual([seed, exact.count]);
      expect(found.bound).toBeLessThanOrEqual(exact.harm + 1e-9);
      excess += found.harm / exact.harm - 1;
      if (found.harm <= exact.harm + 1e-9) optimal += 1;
    }
    expect(optimal).toBeGreaterThanOrEqual(cases - 2);
    expect(excess / cases).toBeLessThan(0.02);
  });

  it('has a bound below every plan, whatever the aim of its ascent is', () => {
    for (let seed = 0; seed < 8; seed += 1) {
      const problem = randomProblem(seed, SMALL, false);
      const exact = bruteForce(problem);
      const all = problem.moves.map((_, move) => move);
      if (exact.count < all.length) continue;
      for (const aim of [0.5, 1, 3]) {
        const { harm } = harmBound(problem, all, exact.harm * aim);
        expect(harm).toBeLessThanOrEqual(exact.harm + 1e-9);
      }
    }
  });

  it('comes near its bound where there is room, and is the same each time', () => {
    const size = { moves: 30, steps: 240, stepsPerBin: 5, inFlightMax: 2, durationMax: 3 };
    const problem = randomProblem(7, size, false);
    const first = solveDrain(problem, 7);
    expect(first.placements.every((one) => one !== undefined)).toBe(true);
    expect(first.harm / first.bound).toBeLessThan(1.1);
    expect(solveDrain(problem, 7)).toEqual(first);
  });

  it('fills a night to its last step when nothing less will do', () => {
    const size = { moves: 6, steps: 12, stepsPerBin: 1, inFlightMax: 1, durationMax: 2 };
    for (let seed = 0; seed < 10; seed += 1) {
      const problem = randomProblem(seed, size, false);
      const total = problem.moves.reduce((sum, { durations }) => sum + durations[0][0], 0);
      const { placements } = solveDrain({ ...problem, steps: total }, seed);
      expect(placements.filter((one) => one !== undefined)).toHaveLength(6);
    }
  });

  it('has nothing to do for an empty host', () => {
    const problem = randomProblem(1, { ...SMALL, moves: 0 }, false);
    expect(solveDrain(problem, 1)).toMatchObject({ placements: [], harm: 0, bound: 0 });
  });
});
