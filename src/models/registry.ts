// Every model by name: what can be asked for, and what it is made of.
import { DomainError } from '../core';
import type { Centring, Kernels } from '../kernels';
import { ARIMA, ArimaForecaster } from './arima';
import { BASELINES, createBaseline } from './baseline';
import { BoostedForecaster } from './boosted';
import { CLIMATOLOGY, ClimatologyForecaster } from './climatology';
import type { Forecaster } from './forecaster';
import { LSTM, LstmForecaster } from './lstm';
import { OutsideForecaster, type OutsideModels } from './outside';

export interface ModelSettings {
  readonly kernels: Kernels;
  /** Steps per day: ARIMA is a member of the ensemble where it can be fitted. */
  readonly stepsPerDay: number;
  /** The longest horizon that will be asked for. */
  readonly horizon: number;
  readonly bounds?: { readonly lower: number; readonly upper: number };
  /** Most rows that a fleet model learns from; default as the model has it. */
  readonly rowsMax?: number;
  /** Programs that serve under names of their own. */
  readonly outside?: OutsideModels;
}

/** The choice among members: not a forecaster of its own, see ./ensemble. */
export const ENSEMBLE = 'ensemble';
/** Boosters by the centre of their rows. */
const BOOSTERS: Readonly<Record<string, Centring>> = { boosted: 'last', 'boosted-blend': 'blend' };

export const MODEL_NAMES: readonly string[] = [
  ...Object.keys(BASELINES),
  CLIMATOLOGY,
  ARIMA,
  ...Object.keys(BOOSTERS),
  LSTM,
  ENSEMBLE,
];

/** Models that are trained on a fleet, and then forecast any VM. */
export const FLEET_MODELS: readonly string[] = [...Object.keys(BOOSTERS), LSTM];

/**
 * Those that are trained and chosen among where nobody says otherwise. The LSTM is not: as a member it changed the
 * ensemble's loss by less than a seed does and cost 40 CPU seconds of training (docs/decisions/0011).
 */
export const USUAL_FLEET_MODELS: readonly string[] = Object.keys(BOOSTERS);

/** The members of a night whose fleet models are not trained yet, baselines first. */
export function memberNames(stepsPerDay: number): readonly string[] {
  const baselines = [...Object.keys(BASELINES), CLIMATOLOGY];
  return stepsPerDay > 1 ? [...baselines, ARIMA] : baselines;
}

/** The members that a choice is made among where fleet models can be trained, baselines first. */
export function ensembleMembers(
  stepsPerDay: number,
  fleetModels: readonly string[] = USUAL_FLEET_MODELS,
): readonly string[] {
  return [...memberNames(stepsPerDay), ...fleetModels];
}

/** Any model but the ensemble. Throws MODEL_UNKNOWN naming the model and those that exist. */
export function createForecaster(name: string, settings: ModelSettings): Forecaster {
  if (name in BASELINES) return createBaseline(name, settings.kernels.rules);
  if (name === CLIMATOLOGY) return new ClimatologyForecaster();
  if (name === ARIMA) return new ArimaForecaster(settings.kernels);
  if (name in BOOSTERS) {
    const { kernels, ...about } = settings;
    return new BoostedForecaster(kernels, { ...about, name, centring: BOOSTERS[name] });
  }
  if (name === LSTM) {
    const { kernels, stepsPerDay, horizon, rowsMax: windowsMax } = settings;
    return new LstmForecaster(kernels, { stepsPerDay, horizon, windowsMax });
  }
  const outside = settings.outside?.get(name);
  if (outside !== undefined) return new OutsideForecaster(name, outside, settings.kernels.rules);
  throw new DomainError(
    'MODEL_UNKNOWN',
    `model '${name}' is unknown; there are ${MODEL_NAMES.join(', ')}`,
    {
      field: 'models',
    },
  );
}
