// A baseline: the rule is the point forecast, its own errors at the same lead are the quantiles.
import { DomainError, seriesAt, type SeriesBatch } from '../../core';
import {
  FIT_STATUSES,
  type Abstention,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';
import { leadBlocks, residualsOf, residualTargets, sortedQuantile } from './residual-quantiles';
import {
  fillForward,
  lastValue,
  levelDecay,
  seasonalNaive,
  seasonalNaiveWeek,
  type Row,
  type Rule,
} from './rules';

const STATE_VERSION = 1;
const CONVERGED = FIT_STATUSES.indexOf('converged');
const DEGENERATE = FIT_STATUSES.indexOf('degenerate');
const ABSTAINED = FIT_STATUSES.indexOf('abstained');

/** Nothing is learned: the fit is the rule. */
export class BaselineForecaster implements Forecaster, FittedForecaster {
  readonly scope = 'series';

  constructor(
    readonly name: string,
    private readonly rule: Rule,
  ) {}

  fit(): Promise<FittedForecaster> {
    return Promise.resolve(this);
  }

  load(state: Uint8Array): FittedForecaster {
    let read: unknown;
    try {
      read = JSON.parse(Buffer.from(state).toString('utf8'));
    } catch (cause) {
      throw new DomainError(
        'MODEL_STATE_INVALID',
        `the state of '${this.name}' is not JSON`,
        {},
        { cause },
      );
    }
    const { model, version } = read as { model?: unknown; version?: unknown };
    if (model !== this.name || version !== STATE_VERSION) {
      throw new DomainError(
        'MODEL_STATE_INVALID',
        `the state belongs to '${String(model)}' version ${String(version)}, not to '${this.name}'`,
      );
    }
    return this;
  }

  save(): Uint8Array {
    return Buffer.from(JSON.stringify({ model: this.name, version: STATE_VERSION }));
  }

  forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { seriesCount } = history;
    const { horizon, levels } = request;
    const abstentions = new Map<number, Abstention>();
    const batch: ForecastBatch = {
      seriesCount,
      horizon,
      levels,
      point: new Float64Array(seriesCount * horizon),
      mean: new Float64Array(seriesCount * horizon),
      quantiles: new Float64Array(seriesCount * levels.length * horizon),
      status: new Uint8Array(seriesCount).fill(CONVERGED),
      abstentions,
    };
    for (let index = 0; index < seriesCount; index += 1) {
      const { values } = seriesAt(history, index);
      const filled = fillForward(values, request.end);
      const row: Row = { values, filled, seasonLength: request.seasonLength };
      if (request.end === 0 || Number.isNaN(filled[request.end - 1])) {
        batch.status[index] = ABSTAINED; // zeros stay
        abstentions.set(index, { reason: 'no known value', fallback: 'zero' });
      } else if (!this.forecastRow(row, request, batch, index)) {
        batch.status[index] = DEGENERATE;
      }
    }
    return Promise.resolve(batch);
  }

  /** false when there was no residual to take quantiles from: they equal the point then. */
  private forecastRow(
    row: Row,
    request: ForecastRequest,
    batch: ForecastBatch,
    index: number,
  ): boolean {
    const { end, horizon, levels, seasonLength, bounds } = request;
    const lower = bounds?.lower ?? Number.NEGATIVE_INFINITY;
    const upper = bounds?.upper ?? Number.POSITIVE_INFINITY;
    const targets = residualTargets(end, seasonLength);
    const offsets = new Float64Array(levels.length);
    let judged = true;
    for (const block of leadBlocks(horizon, seasonLength)) {
      const sorted = residualsOf(row, this.rule, block, targets);
      judged &&= sorted.length > 0;
      let bias = 0;
      for (let at = 0; at < sorted.length; at += 1) bias += sorted[at];
      if (sorted.length > 0) bias /= sorted.length;
      for (let level = 0; level < levels.length; level += 1) {
        offsets[level] = sorted.length > 0 ? sortedQuantile(sorted, levels[level]) : 0;
      }
      for (let lead = block.from; lead <= block.to; lead += 1) {
        const rule = this.rule(row, end, lead);
        const point = Math.min(
          upper,
          Math.max(lower, Number.isNaN(rule) ? row.filled[end - 1] : rule),
        );
        const at = index * horizon + lead - 1;
        batch.point[at] = point;
        batch.mean[at] = Math.min(upper, Math.max(lower, point + bias));
        for (let level = 0; level < levels.length; level += 1) {
          const value = Math.min(upper, Math.max(lower, point + offsets[level]));
          batch.quantiles[(index * levels.length + level) * horizon + lead - 1] = value;
        }
      }
    }
    return judged;
  }
}

/** The four baselines, always candidates. */
export const BASELINES: Readonly<Record<string, Rule>> = {
  naive: lastValue,
  'seasonal-naive': seasonalNaive,
  'seasonal-naive-week': seasonalNaiveWeek,
  'level-decay': levelDecay,
};

export function createBaseline(name: string): BaselineForecaster {
  const rule = BASELINES[name];
  if (rule === undefined) {
    throw new DomainError(
      'MODEL_UNKNOWN',
      `'${name}' is no baseline; there are ${Object.keys(BASELINES).join(', ')}`,
    );
  }
  return new BaselineForecaster(name, rule);
}
