// Analytic derivatives of the CSS residuals against central differences.
import fc from 'fast-check';
import { normal } from '../../src/core';
import {
  cssDerivative,
  cssResiduals,
  stagesOf,
} from '../../src/kernels/reference/arima/css-residuals';
import { normalEquations, repaired } from '../../src/kernels/reference/arima/fit-css';
import type { CssProblem } from '../../src/kernels/reference/arima/fit-css';

const POINTS = 90;
const STEP = 1e-5;

const problem = (x: Float64Array): CssProblem => ({
  w: x,
  seasonLength: 6,
  free: Array<boolean>(7).fill(true),
  scored: new Uint8Array(x.length).fill(1),
  rootLimit: 0.99,
});

const stationary = (c1: number, c2: number): boolean =>
  c2 < 1 && c2 > -1 && c1 + c2 < 1 && c2 - c1 < 1;

describe('derivatives of the residuals', () => {
  const coefficient = fc.double({ min: -0.6, max: 0.6, noNaN: true });

  it('equal central differences for every parameter, with and without gaps', () => {
    const inputs = fc.tuple(
      fc.array(coefficient, { minLength: 7, maxLength: 7 }),
      fc.integer({ min: 2, max: 12 }),
      fc.uniqueArray(fc.integer({ min: 0, max: POINTS - 1 }), { maxLength: 12 }),
      fc.integer(),
    );
    fc.assert(
      fc.property(inputs, ([raw, m, gaps, seed]) => {
        const w = Float64Array.from({ length: POINTS }, (_, t) => normal(seed, t));
        for (const t of gaps) w[t] = Number.NaN;
        const b = Float64Array.from(raw);
        const base = stagesOf(POINTS);
        cssResiduals(base, w, b, m);
        for (let k = 0; k < 7; k += 1) {
          const d = stagesOf(POINTS);
          cssDerivative(d, base, w, b, m, k);
          const up = stagesOf(POINTS);
          const down = stagesOf(POINTS);
          cssResiduals(up, w, b.with(k, b[k] + STEP), m);
          cssResiduals(down, w, b.with(k, b[k] - STEP), m);
          for (let t = 0; t < POINTS; t += 1) {
            const difference = (up.e[t] - down.e[t]) / (2 * STEP);
            expect(Math.abs(d.e[t] - difference)).toBeLessThan(1e-5 * (1 + Math.abs(difference)));
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('start later or with missing values: the sum of squares is the same', () => {
    const w = Float64Array.from({ length: POINTS }, (_, t) => normal(1, t));
    const late = Float64Array.from([...Array<number>(30).fill(Number.NaN), ...w]);
    const b = Float64Array.of(0.5, 0.1, -0.3, 0.1, 0.2, -0.4, 0.3);
    expect(normalEquations(problem(late), b).css).toBeCloseTo(
      normalEquations(problem(w), b).css,
      12,
    );
  });

  it('are taken inside the stationary and invertible region', () => {
    const anything = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), {
      minLength: 7,
      maxLength: 7,
    });
    fc.assert(
      fc.property(anything, (raw) => {
        const b = repaired(Float64Array.from(raw), problem(new Float64Array(0)));
        expect(stationary(b[0], b[1])).toBe(true);
        expect(stationary(-b[2], -b[3])).toBe(true);
        expect(Math.max(Math.abs(b[4]), Math.abs(b[5]))).toBeLessThan(1);
      }),
    );
  });
});
