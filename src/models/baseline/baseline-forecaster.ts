// A baseline: the rule is the point forecast, its own errors at the same lead are the quantiles.
import { DomainError, type SeriesBatch } from '../../core';
import {
  openKernels,
  RULE_JUDGED,
  RULE_OF,
  RULE_SILENT,
  RULE_UNJUDGED,
  RULES,
  type RuleName,
  type RulesKernels,
} from '../../kernels';
import {
  FIT_STATUSES,
  type Abstention,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';

const STATE_VERSION = 1;
/** By what the kernels say of a row. */
const STATUS_OF: Readonly<Record<number, number>> = {
  [RULE_JUDGED]: FIT_STATUSES.indexOf('converged'),
  [RULE_UNJUDGED]: FIT_STATUSES.indexOf('degenerate'),
  [RULE_SILENT]: FIT_STATUSES.indexOf('abstained'),
};

/** Nothing is learned: the fit is the rule. */
export class BaselineForecaster implements Forecaster, FittedForecaster {
  readonly scope = 'series';

  constructor(
    readonly name: RuleName,
    private readonly kernels: RulesKernels,
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

  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { seriesCount, values, length } = history;
    const { horizon, levels, bounds, end, seasonLength } = request;
    const rows = { values, rowCount: seriesCount, stride: length, end, seasonLength };
    const { status, ...forecasts } = await this.kernels.forecast(rows, {
      rule: this.name,
      horizon,
      levels,
      lower: bounds?.lower ?? Number.NEGATIVE_INFINITY,
      upper: bounds?.upper ?? Number.POSITIVE_INFINITY,
    });
    const abstentions = new Map<number, Abstention>();
    for (let index = 0; index < seriesCount; index += 1) {
      if (status[index] !== RULE_SILENT) continue;
      abstentions.set(index, { reason: 'no known value', fallback: 'zero' });
    }
    return {
      seriesCount,
      horizon,
      levels,
      ...forecasts,
      status: status.map((code) => STATUS_OF[code]),
      abstentions,
    };
  }
}

/** The four baselines, always candidates. */
export const BASELINES = RULE_OF;

/** Without kernels the reference's serve. */
export function createBaseline(
  name: string,
  kernels: RulesKernels = openKernels('reference').rules,
): BaselineForecaster {
  const rule = RULES.find((one) => one === name);
  if (rule === undefined) {
    throw new DomainError(
      'MODEL_UNKNOWN',
      `'${name}' is no baseline; there are ${RULES.join(', ')}`,
    );
  }
  return new BaselineForecaster(rule, kernels);
}
