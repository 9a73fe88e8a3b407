// Members' forecasts -> one: quantiles averaged with the weights of each block of leads.
import type { Abstention, ForecastBatch } from '../forecaster';
import { FIT_STATUSES } from '../forecaster';
import { chosenModel, type Choice } from './choose-members';

const CONVERGED = FIT_STATUSES.indexOf('converged');
const ABSTAINED = FIT_STATUSES.indexOf('abstained');
const MEDIAN = 0.5;

/**
 * `forecasts` in the order of choice.members, of the same rows and levels. An average of monotone
 * quantiles is monotone and keeps common bounds. O(rows x members x levels x horizon).
 */
export function combineForecasts(
  choice: Choice,
  forecasts: readonly ForecastBatch[],
): ForecastBatch {
  const { seriesCount, horizon, levels } = forecasts[0];
  const levelCount = levels.length;
  const mean = new Float64Array(seriesCount * horizon);
  const quantiles = new Float64Array(seriesCount * levelCount * horizon);
  for (let series = 0; series < seriesCount; series += 1) {
    for (let block = 0; block < choice.blocks.length; block += 1) {
      const { from, to } = choice.blocks[block];
      const last = Math.min(to, horizon);
      for (let member = 0; member < forecasts.length; member += 1) {
        const at = (series * choice.blocks.length + block) * choice.members.length + member;
        const weight = choice.weights[at];
        if (weight === 0) continue;
        const one = forecasts[member];
        addWeighted(mean, one.mean, series * horizon, from, last, weight);
        for (let level = 0; level < levelCount; level += 1) {
          const row = (series * levelCount + level) * horizon;
          addWeighted(quantiles, one.quantiles, row, from, last, weight);
        }
      }
    }
  }
  return {
    seriesCount,
    horizon,
    levels,
    point: medians(quantiles, seriesCount, levels, horizon),
    mean,
    quantiles,
    ...statusOf(choice, forecasts, seriesCount),
  };
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

function medians(
  quantiles: Float64Array,
  seriesCount: number,
  levels: readonly number[],
  horizon: number,
): Float64Array {
  const point = new Float64Array(seriesCount * horizon);
  let right = levels.findIndex((level) => level >= MEDIAN);
  if (right < 0) right = levels.length - 1;
  const left = levels[right] === MEDIAN || right === 0 ? right : right - 1;
  const share = left === right ? 0 : (MEDIAN - levels[left]) / (levels[right] - levels[left]);
  for (let series = 0; series < seriesCount; series += 1) {
    const low = (series * levels.length + left) * horizon;
    const high = (series * levels.length + right) * horizon;
    for (let lead = 0; lead < horizon; lead += 1) {
      const value = quantiles[low + lead];
      point[series * horizon + lead] =
        share === 0 ? value : value + share * (quantiles[high + lead] - value);
    }
  }
  return point;
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
