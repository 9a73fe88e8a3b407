// Robust search of the physical constants of a group of runs, drawn to those of the group above.
import { CONSTANT_DEFAULTS, copyForReal, type CopyConstants } from './real-copy';
import type { RunInput, RunOutcome } from './run-table';

export interface FitRow {
  readonly input: RunInput;
  readonly outcome: RunOutcome;
  readonly dirtyRate: number;
}

type Name = keyof CopyConstants;

/** [lowest, highest] of each constant. */
const BOUNDS: Record<Name, readonly [number, number]> = {
  setupMs: [1, 60_000],
  scanMsPerGib: [1, 2_000],
  rateShare: [0.3, 1.1],
  machineRate: [1e6, 1e11],
  wireShare: [0.1, 1.3],
  dirtyShare: [0.05, 20],
  dirtyExponent: [0.3, 1],
  workingSetShare: [0.01, 1],
  slackMs: [1, 400],
  fixedDowntimeMs: [0.5, 2_000],
  pauseShare: [0.01, 1],
  pauseSteepness: [0.05, 20],
  linkShare: [1, 20],
  queueBytes: [1e3, 3e7],
  forcedShare: [0.001, 1],
  throttleShare: [0.01, 1],
  maxRounds: [2, 1_000],
};
/** A pause is a matter of factors where a time is one of per cents. */
const PAUSE_WEIGHT = 0.15;
const STEPS = [1.2, 0.5, 0.2, 0.08, 0.03, 0.01];
const SHARED: readonly Name[] = [
  'setupMs',
  'scanMsPerGib',
  'rateShare',
  'machineRate',
  'wireShare',
  'fixedDowntimeMs',
];
const IN_ROUNDS: readonly Name[] = [
  'dirtyShare',
  'dirtyExponent',
  'workingSetShare',
  'slackMs',
  'pauseShare',
  'pauseSteepness',
  'linkShare',
  'queueBytes',
  'forcedShare',
  'maxRounds',
];

function namesOf(mode: string): readonly Name[] {
  if (mode === 'precopy') return [...SHARED, ...IN_ROUNDS];
  if (mode === 'autoconverge') return [...SHARED, ...IN_ROUNDS, 'throttleShare'];
  if (mode === 'hybrid') return [...SHARED, 'dirtyShare', 'dirtyExponent', 'workingSetShare'];
  return SHARED;
}

/** Near the median for small errors, heavier on large ones, flat beyond a factor 4.5. */
function lossOf(predicted: number, real: number | undefined, floor: number): number {
  if (real === undefined) return 0;
  const r = Math.abs(Math.log(Math.max(predicted, floor) / Math.max(real, floor)));
  return Math.min(r, 1.5) + Math.min(r, 1.5) ** 2;
}

function objective(
  rows: readonly FitRow[],
  constants: CopyConstants,
  parent: CopyConstants,
): number {
  let loss = 0;
  for (const { input, outcome, dirtyRate } of rows) {
    const copy = copyForReal(input, dirtyRate, constants);
    loss += lossOf(copy.totalTimeMs, outcome.totalTimeMs, 1);
    loss += 0.5 * lossOf(copy.bytesSent, outcome.bytesSent, 1);
    loss += PAUSE_WEIGHT * lossOf(copy.downtimeMs, outcome.downtimeMs, 5);
  }
  let drawn = 0;
  for (const name of namesOf(rows[0].input.mode)) {
    drawn += Math.log(constants[name] / parent[name]) ** 2;
  }
  return loss / rows.length + (0.1 * drawn) / rows.length;
}

/** Coordinate search on a log scale from `parent`. O(rows x constants x steps). */
export function fitConstants(rows: readonly FitRow[], parent = CONSTANT_DEFAULTS): CopyConstants {
  let best: CopyConstants = parent;
  let least = objective(rows, best, parent);
  const names = namesOf(rows[0].input.mode);
  for (const step of STEPS) {
    for (let sweep = 0; sweep < 2; sweep += 1) {
      const before = least;
      for (const name of names) {
        for (const sign of [1, -1]) {
          const [low, high] = BOUNDS[name];
          const value = Math.min(high, Math.max(low, best[name] * Math.exp(sign * step)));
          if (value === best[name]) continue;
          const tried = { ...best, [name]: value };
          const loss = objective(rows, tried, parent);
          if (loss < least - 1e-9) {
            best = tried;
            least = loss;
            break;
          }
        }
      }
      if (before - least < 1e-5) break;
    }
  }
  return best;
}
