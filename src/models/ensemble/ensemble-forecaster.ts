// The choice among members as one forecaster: what the backtest runs under the name `ensemble`.
import { DomainError, QUANTILE_LEVELS, type SeriesBatch } from '../../core';
import type {
  FitRequest,
  FittedForecaster,
  ForecastBatch,
  Forecaster,
  ForecastRequest,
} from '../forecaster';
import { chooseMembers, type Choice } from './choose-members';
import { combineForecasts } from './combine-forecasts';
import { fleetLosses } from './fleet-losses';
import { CALIBRATION_NIGHTS, memberLosses } from './member-losses';

export interface EnsembleSettings {
  /** The longest horizon that will be asked for: the choice is judged up to it. */
  readonly horizon: number;
  readonly bounds?: { readonly lower: number; readonly upper: number };
}

export class EnsembleForecaster implements Forecaster {
  readonly name = 'ensemble';
  readonly scope = 'series';

  constructor(
    private readonly members: readonly Forecaster[],
    private readonly settings: EnsembleSettings,
  ) {}

  async fit(history: SeriesBatch, request: FitRequest): Promise<FittedForecaster> {
    const { end, seasonLength } = request;
    const losses = await memberLosses(history, this.members, {
      end,
      seasonLength,
      stepsPerDay: seasonLength,
      nights: CALIBRATION_NIGHTS,
      horizon: this.settings.horizon,
      levels: QUANTILE_LEVELS,
      bounds: this.settings.bounds,
    });
    const choice = chooseMembers(losses, fleetLosses(losses));
    const fitted: FittedForecaster[] = [];
    for (const member of this.members) fitted.push(await member.fit(history, request));
    return new FittedEnsemble(choice, fitted);
  }

  load(state: Uint8Array): FittedForecaster {
    const read = parseState(state);
    const fitted = this.members.map((member, index) => {
      if (read.choice.members[index] !== member.name) {
        throw new DomainError(
          'MODEL_STATE_INVALID',
          `the ensemble's state has no '${member.name}'`,
        );
      }
      return member.load(Buffer.from(read.states[index], 'base64'));
    });
    const { weights, reasons, ...rest } = read.choice;
    const choice = { ...rest, weights: Float64Array.from(weights), reasons: new Map(reasons) };
    return new FittedEnsemble(choice, fitted);
  }
}

class FittedEnsemble implements FittedForecaster {
  readonly name = 'ensemble';

  constructor(
    readonly choice: Choice,
    private readonly fitted: readonly FittedForecaster[],
  ) {}

  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const forecasts: ForecastBatch[] = [];
    for (const member of this.fitted) forecasts.push(await member.forecast(history, request));
    return combineForecasts(this.choice, forecasts);
  }

  save(): Uint8Array {
    const { weights, reasons, ...rest } = this.choice;
    const choice = { ...rest, weights: [...weights], reasons: [...reasons] };
    const states = this.fitted.map((member) => Buffer.from(member.save()).toString('base64'));
    return Buffer.from(JSON.stringify({ version: STATE_VERSION, choice, states }));
  }
}

const STATE_VERSION = 1;

interface EnsembleState {
  readonly version: number;
  readonly states: readonly string[];
  readonly choice: Omit<Choice, 'weights' | 'reasons'> & {
    readonly weights: readonly number[];
    readonly reasons: readonly (readonly [number, string])[];
  };
}

function parseState(state: Uint8Array): EnsembleState {
  try {
    const read = JSON.parse(Buffer.from(state).toString('utf8')) as EnsembleState;
    if (read.version === STATE_VERSION && Array.isArray(read.states)) return read;
  } catch (cause) {
    throw new DomainError('MODEL_STATE_INVALID', "the ensemble's state is not JSON", {}, { cause });
  }
  throw new DomainError('MODEL_STATE_INVALID', "the ensemble's state has another version");
}
