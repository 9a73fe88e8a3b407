// Models of the fleet for the measured night, trained on some of its shapes. Training is not timed.
import { DAY_MS, type EpochMs } from '../../../core';
import type { HistoryReader } from '../../../features';
import { openKernels, type Kernels } from '../../../kernels';
import { createForecaster, FLEET_MODELS, type FittedForecaster } from '../../../models';
import {
  trainModels,
  type ModelPurpose,
  type NightPorts,
  type TrainedModel,
} from '../../../predict';
import { startProgress } from '../../progress';

/** What a night's forecasts cost depends on trees and weights, not on how many rows taught them. */
const ROWS_MAX = 20_000;
const SERIES_MAX = 512;

export interface NightModels {
  readonly names: readonly string[];
  readonly stepMs: number;
  readonly horizon: number;
  readonly atMs: EpochMs;
  readonly days: number;
  readonly seriesCount: number;
}

/** Those of `names` that are trained on a fleet, each to forecast and to judge. */
export async function trainForNight(
  history: HistoryReader,
  { names, stepMs, horizon, atMs, days, seriesCount }: NightModels,
): Promise<readonly TrainedModel[]> {
  const wanted = names.filter((name) => FLEET_MODELS.includes(name));
  if (wanted.length === 0) return [];
  const vms = Uint32Array.from({ length: Math.min(SERIES_MAX, seriesCount) }, (_, vm) => vm);
  const series = await history.series(stepMs, vms, atMs - days * DAY_MS, atMs);
  const progress = startProgress('Training', 2 * wanted.length);
  let done = 0;
  const trained = await trainModels({
    names: wanted,
    history: series,
    horizon,
    seed: 1,
    rowsMax: ROWS_MAX,
    kernels: openKernels('auto'),
    onModel: (name) => progress.update((done += 1) - 1, name),
  });
  progress.end(`${trained.length} models`);
  return trained;
}

/** The trained models on these kernels, each loaded once. */
export function fleetModelOf(
  trained: readonly TrainedModel[],
  kernels: Kernels,
): NonNullable<NightPorts['fleetModel']> {
  const loaded = new Map<TrainedModel, FittedForecaster>();
  return (_, resolution, name, purpose) =>
    Promise.resolve(load(find(trained, name, purpose), resolution, kernels, loaded));
}

/** A history too short for a judge has none: the forecasting model then judges itself. */
function find(
  trained: readonly TrainedModel[],
  name: string,
  purpose: ModelPurpose,
): TrainedModel | undefined {
  const own = trained.filter((one) => one.name === name);
  return own.find((one) => one.purpose === purpose) ?? own[0];
}

function load(
  model: TrainedModel | undefined,
  { stepsPerDay, horizon }: { readonly stepsPerDay: number; readonly horizon: number },
  kernels: Kernels,
  loaded: Map<TrainedModel, FittedForecaster>,
): FittedForecaster | undefined {
  if (model === undefined) return undefined;
  const known =
    loaded.get(model) ??
    createForecaster(model.name, { kernels, stepsPerDay, horizon }).load(model.bytes);
  loaded.set(model, known);
  return known;
}
