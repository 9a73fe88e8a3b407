// Which VMs have a structure that a model can use, and which are noise about their own median.
import type { BacktestRequest, ModelRun } from './run-backtest';
import { medianOf } from './sums';

export interface StructureVerdict {
  readonly series: number;
  /** Absent with fewer than four judged origins. */
  readonly structured?: boolean;
  /** Mean over origins of the median's MAE less the model's, in the unit of the data. */
  readonly gain: number;
  /** Of `gain`, from the spread between origins. */
  readonly standardError: number;
  readonly origins: number;
}

const MEDIAN_DAYS = 28; // what the models see at most of a VM's past
const ORIGINS_MIN = 4; // with fewer the t distribution has hardly an end
const Z = 1.6449; // one-sided 95 %

/**
 * A VM is structured where the model beats its own median of the 28 days before each origin by more
 * than the error of that difference over origins: one-sided 5 %, Student's t. Of VMs whose values
 * are in random order some 5 % are called structured. Nothing after an origin is looked at but the
 * actuals. NaN cells are left out. O(origins x history log history) per series.
 */
export function judgeStructure(
  run: ModelRun,
  { panel, origins, reference, horizon, stepsPerDay }: Judged,
): readonly StructureVerdict[] {
  const { actual } = reference;
  return panel.ids.map((_, series) => {
    const values = panel.values.subarray(series * panel.length, (series + 1) * panel.length);
    const gains: number[] = [];
    for (let origin = 0; origin < origins.count; origin += 1) {
      const pair = series * origins.count + origin;
      const end = origins.cutoffs[pair];
      const past = values.subarray(Math.max(0, end - MEDIAN_DAYS * stepsPerDay), end);
      const own = medianOf(past.filter((value) => !Number.isNaN(value)));
      let gain = 0;
      let count = 0;
      for (let at = pair * horizon; at < (pair + 1) * horizon; at += 1) {
        const one = Math.abs(actual[at] - own) - Math.abs(actual[at] - run.median.point[at]);
        if (Number.isNaN(one)) continue;
        gain += one;
        count += 1;
      }
      if (count > 0) gains.push(gain / count);
    }
    return verdictOf(series, gains);
  });
}

/** How many of each kind. */
export function countStructure(verdicts: readonly StructureVerdict[]) {
  const count = (kind: boolean | undefined): number =>
    verdicts.filter(({ structured }) => structured === kind).length;
  return { structured: count(true), without: count(false), unjudged: count(undefined) };
}

type Judged = Pick<BacktestRequest, 'panel' | 'origins' | 'reference' | 'horizon' | 'stepsPerDay'>;

function verdictOf(series: number, gains: readonly number[]): StructureVerdict {
  const origins = gains.length;
  const gain = gains.reduce((sum, one) => sum + one, 0) / Math.max(1, origins);
  const squares = gains.reduce((sum, one) => sum + (one - gain) ** 2, 0);
  const standardError = Math.sqrt(squares / Math.max(1, (origins - 1) * origins));
  if (origins < ORIGINS_MIN) return { series, gain, standardError, origins };
  const structured = gain > studentT(origins - 1) * standardError && gain > 0;
  return { series, structured, gain, standardError, origins };
}

/** 95 % quantile; Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), 2 % off at 3, less above. */
function studentT(freedom: number): number {
  const first = (Z ** 3 + Z) / (4 * freedom);
  const second = (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * freedom ** 2);
  return Z + first + second;
}
