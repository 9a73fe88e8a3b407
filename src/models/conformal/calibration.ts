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
  const { seriesCount, blocks, levels } = before;
  const own = before.own.slice();
  const fleet = before.fleet.slice();
  blocks.forEach(({ to }, block) => {
    if (to > stepsBack || to <= learnedSteps) return;
    levels.forEach((_, at) => {
      let sum = 0;
      let judged = 0;
      for (let series = 0; series < seriesCount; series += 1) {
        const error = errorOf(forecast, history, stepsBack, { series, block: blocks[block], at });
        if (error === undefined) continue;
        const cell = (series * blocks.length + block) * levels.length + at;
        own[cell] = bounded(own[cell] + OWN_STEP * error);
        sum += error;
        judged += 1;
      }
      const cell = block * levels.length + at;
      if (judged > 0) fleet[cell] = bounded(fleet[cell] + (FLEET_STEP * sum) / judged);
    });
  });
  return { ...before, own, fleet };
}

interface Cell {
  readonly series: number;
  readonly block: ChoiceBlock;
  /** Of the level. */
  readonly at: number;
}

/** level - share below; undefined where no value of the block is known. */
function errorOf(
  { horizon, levels, quantiles }: ForecastBatch,
  history: SeriesBatch,
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
