// Errors of trained models and baselines on nights that none of them has learned from, by VM and block of leads.
import { DAY_MS, QUANTILE_LEVELS, type EpochMs, type SeriesBatch } from '../../core';
import type { Kernels } from '../../kernels';
import {
  BASELINES,
  choiceBlocks,
  createForecaster,
  type ChoiceBlock,
  type FittedForecaster,
  type ForecastBatch,
} from '../../models';
import { BOUNDS } from '../night-settings';

export interface Measured {
  readonly model: string;
  readonly fitted: FittedForecaster;
}

export interface MeasureRequest {
  readonly history: SeriesBatch;
  /** The last nights of the history; their origins are a day apart. */
  readonly nights: number;
  readonly kernels: Kernels;
}

/** Sums by cell (series, blocks); means are sums over counts. */
export interface ErrorSums {
  readonly model: string;
  /** Actuals that were judged. */
  readonly count: Float64Array;
  readonly pinball: Float64Array;
  readonly absolute: Float64Array;
  /** Actuals between the 5 % and the 95 % quantile. */
  readonly inside: Float64Array;
}

export interface ModelErrors {
  readonly blocks: readonly ChoiceBlock[];
  readonly seriesCount: number;
  readonly origins: readonly EpochMs[];
  /** Those that were asked for, then the baselines. */
  readonly models: readonly ErrorSums[];
}

export const BASELINE_NAMES: readonly string[] = Object.keys(BASELINES);

/**
 * Day-ahead forecasts at each of the last nights. The caller sees to it that no model has learned columns
 * at or after the first origin. O(nights x models) forecasts, O(cells x levels) of judging.
 */
export async function measureModels(
  models: readonly Measured[],
  { history, nights, kernels }: MeasureRequest,
): Promise<ModelErrors> {
  const { seriesCount, length, startMs, stepMs } = history;
  const stepsPerDay = DAY_MS / stepMs;
  const blocks = choiceBlocks(stepsPerDay, stepsPerDay);
  const baselines = await Promise.all(
    BASELINE_NAMES.map(async (model) => {
      const own = createForecaster(model, { kernels, stepsPerDay, horizon: stepsPerDay });
      const fit = { end: length - nights * stepsPerDay, seasonLength: stepsPerDay };
      return { model, fitted: await own.fit(history, fit) };
    }),
  );
  const ends = Array.from({ length: nights }, (_, at) => length - (nights - at) * stepsPerDay);
  const sums: ErrorSums[] = [];
  for (const { model, fitted } of [...models, ...baselines]) {
    const sum = emptySums(model, seriesCount * blocks.length);
    for (const end of ends) {
      const forecast = await fitted.forecast(history, {
        end,
        horizon: stepsPerDay,
        seasonLength: stepsPerDay,
        levels: QUANTILE_LEVELS,
        bounds: BOUNDS,
      });
      judge(sum, history, end, forecast, blocks);
    }
    sums.push(sum);
  }
  const origins = ends.map((end) => startMs + end * stepMs);
  return { blocks, seriesCount, origins, models: sums };
}

function emptySums(model: string, cells: number): ErrorSums {
  const [count, pinball, absolute, inside] = [1, 2, 3, 4].map(() => new Float64Array(cells));
  return { model, count, pinball, absolute, inside };
}

const LOW = QUANTILE_LEVELS.indexOf(0.05);
const MIDDLE = QUANTILE_LEVELS.indexOf(0.5);
const HIGH = QUANTILE_LEVELS.indexOf(0.95);

function judge(
  sums: ErrorSums,
  { values, length, seriesCount }: SeriesBatch,
  end: number,
  { quantiles, horizon, levels }: ForecastBatch,
  blocks: readonly ChoiceBlock[],
): void {
  for (let series = 0; series < seriesCount; series += 1) {
    const row = series * levels.length * horizon;
    for (let block = 0; block < blocks.length; block += 1) {
      const cell = series * blocks.length + block;
      for (let lead = blocks[block].from - 1; lead < blocks[block].to; lead += 1) {
        const actual = values[series * length + end + lead];
        if (Number.isNaN(actual)) continue;
        let loss = 0;
        for (let level = 0; level < levels.length; level += 1) {
          const error = actual - quantiles[row + level * horizon + lead];
          loss += error >= 0 ? levels[level] * error : (levels[level] - 1) * error;
        }
        const at = (level: number): number => quantiles[row + level * horizon + lead];
        sums.count[cell] += 1;
        sums.pinball[cell] += loss / levels.length;
        sums.absolute[cell] += Math.abs(actual - at(MIDDLE));
        if (actual >= at(LOW) && actual <= at(HIGH)) sums.inside[cell] += 1;
      }
    }
  }
}
