// Members' forecasts -> one: each quantile averaged with its own weights, per block of leads.
import { quantileAt } from '../../core';
import type { Abstention, ForecastBatch } from '../forecaster';
import { FIT_STATUSES } from '../forecaster';
import { levelPlace, type CombineKernels } from '../../kernels';
import { MEAN_SHARES, meanOfQuantiles } from '../quantile-mean';
import { chosenModel, nearestLevel, type Choice } from './choose-members';

const CONVERGED = FIT_STATUSES.indexOf('converged');
const ABSTAINED = FIT_STATUSES.indexOf('abstained');
const MEDIAN = 0.5;

/**
 * `forecasts` in the order of choice.members, of the same rows and levels. Quantiles that different
 * members gave are sorted, and averages keep common bounds. O(rows x members x levels x horizon).
 */
export function combineForecasts(
  choice: Choice,
  forecasts: readonly ForecastBatch[],
): ForecastBatch {
  const { seriesCount, horizon, levels } = forecasts[0];
  const levelCount = levels.length;
  const quantiles = new Float64Array(seriesCount * levelCount * horizon);
  const judgedLevels = levels.map((level) => nearestLevel(choice.levels, level));
  for (let series = 0; series < seriesCount; series += 1) {
    for (let block = 0; block < choice.blocks.length; block += 1) {
      const { from, to } = choice.blocks[block];
      const last = Math.min(to, horizon);
      for (let level = 0; level < levelCount; level += 1) {
        const row = (series * levelCount + level) * horizon;
        const cell = (series * choice.blocks.length + block) * choice.levels.length;
        const weights = (cell + judgedLevels[level]) * choice.members.length;
        for (let member = 0; member < forecasts.length; member += 1) {
          const weight = choice.weights[weights + member];
          if (weight === 0) continue;
          addWeighted(quantiles, forecasts[member].quantiles, row, from, last, weight);
        }
      }
    }
    sortLevels(quantiles, series * levelCount * horizon, levelCount, horizon);
  }
  return {
    seriesCount,
    horizon,
    levels,
    point: medians(quantiles, seriesCount, levels, horizon),
    mean: means(quantiles, seriesCount, levels, horizon),
    quantiles,
    ...statusOf(choice, forecasts, seriesCount),
  };
}

/** The same in the kernels at hand: what a night of many VMs uses. */
export async function mixForecasts(
  choice: Choice,
  forecasts: readonly ForecastBatch[],
  kernels: CombineKernels,
): Promise<ForecastBatch> {
  const { seriesCount, horizon, levels } = forecasts[0];
  const mixed = await kernels.mix(
    forecasts.map((one) => one.quantiles),
    {
      rowCount: seriesCount,
      horizon,
      levelCount: levels.length,
      blocks: choice.blocks,
      weights: choice.weights,
      judgedCount: choice.levels.length,
      judgedOf: Int32Array.from(levels, (level) => nearestLevel(choice.levels, level)),
      point: levelPlace(MEDIAN, levels),
      mean: MEAN_SHARES.map(([level, weight]) => ({ ...levelPlace(level, levels), weight })),
    },
  );
  const status = statusOf(choice, forecasts, seriesCount);
  return { seriesCount, horizon, levels, ...mixed, ...status };
}

function addWeighted(
  target: Float64Array,
  source: Float64Array,
  row: number,
  from: number,
  to: number,
  weight: number,
): void {
  for (let at = row + from - 1; at < row + to; at += 1) target[at] += weight * source[at];
}

/** Insertion sort along levels: rows are nearly sorted. */
function sortLevels(
  quantiles: Float64Array,
  from: number,
  levelCount: number,
  horizon: number,
): void {
  for (let level = 1; level < levelCount; level += 1) {
    for (let lead = 0; lead < horizon; lead += 1) {
      let at = from + level * horizon + lead;
      const value = quantiles[at];
      while (at - horizon >= from && quantiles[at - horizon] > value) {
        quantiles[at] = quantiles[at - horizon];
        at -= horizon;
      }
      quantiles[at] = value;
    }
  }
}

type Summary = (levels: readonly number[], values: Float64Array) => number;

function medians(
  quantiles: Float64Array,
  seriesCount: number,
  levels: readonly number[],
  horizon: number,
): Float64Array {
  return perStep(quantiles, seriesCount, levels, horizon, (all, values) =>
    quantileAt(MEDIAN, all, values),
  );
}

function means(
  quantiles: Float64Array,
  seriesCount: number,
  levels: readonly number[],
  horizon: number,
): Float64Array {
  return perStep(quantiles, seriesCount, levels, horizon, meanOfQuantiles);
}

function perStep(
  quantiles: Float64Array,
  seriesCount: number,
  levels: readonly number[],
  horizon: number,
  summary: Summary,
): Float64Array {
  const out = new Float64Array(seriesCount * horizon);
  const values = new Float64Array(levels.length);
  for (let series = 0; series < seriesCount; series += 1) {
    for (let lead = 0; lead < horizon; lead += 1) {
      for (let level = 0; level < levels.length; level += 1) {
        values[level] = quantiles[(series * levels.length + level) * horizon + lead];
      }
      out[series * horizon + lead] = summary(levels, values);
    }
  }
  return out;
}

/** A row abstains where it could not be judged, or where every member has nothing to say. */
function statusOf(
  choice: Choice,
  forecasts: readonly ForecastBatch[],
  seriesCount: number,
): { status: Uint8Array; abstentions: ReadonlyMap<number, Abstention> } {
  const status = new Uint8Array(seriesCount).fill(CONVERGED);
  const abstentions = new Map<number, Abstention>();
  for (let series = 0; series < seriesCount; series += 1) {
    const silent = forecasts.every((one) => one.status[series] === ABSTAINED);
    const reason = silent
      ? (forecasts[0].abstentions.get(series)?.reason ?? 'no member has a forecast')
      : choice.reasons.get(series);
    if (reason === undefined) continue;
    status[series] = ABSTAINED;
    abstentions.set(series, { reason, fallback: chosenModel(choice, series) });
  }
  return { status, abstentions };
}
