// What past nights say of each quantile: too often missed, or too wide; per VM, block of leads, and level.
import type { SeriesBatch } from '../../core';
import type { ChoiceBlock } from '../ensemble/night-losses';
import type { ForecastBatch } from '../forecaster';

export interface CalibrationShape {
  readonly seriesCount: number;
  readonly blocks: readonly ChoiceBlock[];
  /** Ascending. */
  readonly levels: readonly number[];
}

/** Shifts of quantiles, in widths (see calibrateForecast); 0 = as forecast. */
export interface Calibration extends CalibrationShape {
  /** (seriesCount, blocks, levels): what is the VM's own. */
  readonly own: Float64Array;
  /** (blocks, levels): what the whole fleet shares. */
  readonly fleet: Float64Array;
}

/** Widths that a night with every value on the wrong side moves a VM's shift by, times the level's error. */
export const OWN_STEP = 0.05;
/** The same for the fleet's, by the mean error of its VMs: what one VM tells is mostly chance. */
export const FLEET_STEP = 1;
/**
 * The same in a service: its nights go on for months, so that a smaller step ends at the same coverage
 * and costs less pinball on the way; a backtest has some twenty (docs/models/conformal.md).
 */
export const NIGHT_FLEET_STEP = 0.3;
/** No run of bad luck moves a quantile further than four widths. */
const SHIFT_MAX = 4;

export function openCalibration(shape: CalibrationShape): Calibration {
  const { seriesCount, blocks, levels } = shape;
  const cells = blocks.length * levels.length;
  return {
    ...shape,
    own: new Float64Array(seriesCount * cells),
    fleet: new Float64Array(cells),
  };
}

/**
 * After a night: every shift moves by step x (level - share of values below the quantile), so that a
 * quantile that is passed too often rises until it is not (adaptive conformal inference). A value equal
 * to the quantile says nothing. `forecast`, as it was calibrated, was made `stepsBack` columns before the
 * end of `history`; only blocks that were not fully known `learnedSteps` columns after it, and are now,
 * are learned. VMs without a value stay. O(series x levels x leads).
 * Source: Gibbs and Candes (2021), Adaptive conformal inference under distribution shift.
 */
export function learnNight(
  before: Calibration,
  forecast: ForecastBatch,
  history: SeriesBatch,
  stepsBack: number,
  learnedSteps: number,
): Calibration {
  const errors = nightErrors(before, forecast, history, stepsBack, learnedSteps);
  const fleet = learnFleet(before.fleet, fleetErrorsOf(before, errors));
  return { ...before, own: learnOwn(before.own, errors), fleet };
}

/** What a night's quantiles were made of: their levels and values, for the leads from 1 on. */
export type SaidQuantiles = Pick<ForecastBatch, 'horizon' | 'levels' | 'quantiles'>;

/** (series, blocks, levels): level - share below; NaN where it is not judged. See learnNight. */
export function nightErrors(
  { seriesCount, blocks, levels }: CalibrationShape,
  said: SaidQuantiles,
  history: Pick<SeriesBatch, 'values' | 'length'>,
  stepsBack: number,
  learnedSteps: number,
): Float64Array {
  const errors = new Float64Array(seriesCount * blocks.length * levels.length).fill(Number.NaN);
  blocks.forEach(({ to }, block) => {
    if (to > stepsBack || to <= learnedSteps) return;
    for (let series = 0; series < seriesCount; series += 1) {
      levels.forEach((_, at) => {
        const error = errorOf(said, history, stepsBack, { series, block: blocks[block], at });
        const cell = (series * blocks.length + block) * levels.length + at;
        if (error !== undefined) errors[cell] = error;
      });
    }
  });
  return errors;
}

/** Shifts of VMs after a night; those that were not judged stay. */
export function learnOwn(own: Float64Array, errors: Float64Array): Float64Array {
  return own.map((shift, cell) => {
    const error = errors[cell];
    return Number.isNaN(error) ? shift : bounded(shift + OWN_STEP * error);
  });
}

/** Sums over VMs: whole numbers, so that shards add up to the same in any order. */
export interface FleetErrors {
  /** (blocks, levels) millionths. */
  readonly sums: readonly number[];
  readonly judged: readonly number[];
}

const PARTS = 1_000_000;

export function fleetErrorsOf(
  { seriesCount, blocks, levels }: CalibrationShape,
  errors: Float64Array,
): FleetErrors {
  const cells = blocks.length * levels.length;
  const sums = Array<number>(cells).fill(0);
  const judged = Array<number>(cells).fill(0);
  for (let series = 0; series < seriesCount; series += 1) {
    for (let cell = 0; cell < cells; cell += 1) {
      const error = errors[series * cells + cell];
      if (Number.isNaN(error)) continue;
      sums[cell] += Math.round(error * PARTS);
      judged[cell] += 1;
    }
  }
  return { sums, judged };
}

export function mergeFleetErrors(one: FleetErrors, other: FleetErrors): FleetErrors {
  const added = (a: readonly number[], b: readonly number[]) => a.map((value, at) => value + b[at]);
  return { sums: added(one.sums, other.sums), judged: added(one.judged, other.judged) };
}

/** The fleet's shifts after a night. */
export function learnFleet(
  fleet: Float64Array,
  { sums, judged }: FleetErrors,
  step: number = FLEET_STEP,
): Float64Array {
  return fleet.map((shift, cell) =>
    judged[cell] === 0 ? shift : bounded(shift + (step * sums[cell]) / PARTS / judged[cell]),
  );
}

interface Cell {
  readonly series: number;
  readonly block: ChoiceBlock;
  /** Of the level. */
  readonly at: number;
}

/** level - share below; undefined where no value of the block is known. */
function errorOf(
  { horizon, levels, quantiles }: SaidQuantiles,
  history: Pick<SeriesBatch, 'values' | 'length'>,
  stepsBack: number,
  { series, block, at }: Cell,
): number | undefined {
  const first = (series + 1) * history.length - stepsBack;
  const row = (series * levels.length + at) * horizon;
  const last = Math.min(block.to, horizon);
  let known = 0;
  let error = 0;
  for (let lead = block.from; lead <= last; lead += 1) {
    const value = history.values[first + lead - 1];
    if (Number.isNaN(value)) continue;
    known += 1;
    const quantile = quantiles[row + lead - 1];
    if (value < quantile) error += levels[at] - 1;
    else if (value > quantile) error += levels[at];
  }
  return known === 0 ? undefined : error / known;
}

function bounded(shift: number): number {
  return Math.min(SHIFT_MAX, Math.max(-SHIFT_MAX, shift));
}
