// Trains models of the fleet: one to forecast with, and an older one that the last nights are judged by.
import { columnsBefore, DAY_MS, DomainError, type SeriesBatch } from '../core';
import type { Kernels } from '../kernels';
import { CALIBRATION_NIGHTS, createForecaster, FLEET_MODELS, type Checkpoint } from '../models';

/** judge: knows nothing of the nights by which members are chosen, so that their losses are honest. */
export type ModelPurpose = 'forecast' | 'judge';

export interface TrainedModel {
  readonly name: string;
  readonly purpose: ModelPurpose;
  readonly stepSec: number;
  /** The longest lead, in steps. */
  readonly horizon: number;
  readonly seed: number;
  readonly series: number;
  /** Data span: columns in [fromMs, untilMs). */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly bytes: Uint8Array;
}

export interface TrainRequest {
  readonly names: readonly string[];
  readonly history: SeriesBatch;
  /** Further fleets, same step. */
  readonly teachers?: readonly SeriesBatch[];
  readonly horizon: number;
  readonly seed: number;
  /** Fewer rows cost less; default as each model has it. */
  readonly rowsMax?: number;
  readonly kernels: Kernels;
  /** Where a training that takes long keeps how far it got. */
  readonly checkpointOf?: (name: string, purpose: ModelPurpose) => Checkpoint;
  readonly onModel?: (name: string, purpose: ModelPurpose) => void;
}

/**
 * Equal bits for equal data, seed, and backend. Throws as `refuseOtherModels`. A history too short for a
 * judge has none: the forecasting model then judges itself.
 */
export async function trainModels(request: TrainRequest): Promise<readonly TrainedModel[]> {
  const { names, history, horizon, seed, kernels, rowsMax } = request;
  refuseOtherModels(names);
  const stepsPerDay = DAY_MS / history.stepMs;
  const judged = CALIBRATION_NIGHTS * stepsPerDay;
  const trained: TrainedModel[] = [];
  for (const name of names) {
    for (const purpose of ['forecast', 'judge'] as const) {
      const end = purpose === 'forecast' ? history.length : history.length - judged;
      if (purpose === 'judge' && end < JUDGE_DAYS_MIN * stepsPerDay) continue;
      request.onModel?.(name, purpose);
      const forecaster = createForecaster(name, { kernels, stepsPerDay, horizon, rowsMax });
      const untilMs = history.startMs + end * history.stepMs;
      const teachers = (request.teachers ?? []).map((one) =>
        columnsBefore(one, (untilMs - one.startMs) / one.stepMs),
      );
      const checkpoint = request.checkpointOf?.(name, purpose);
      const fit = { end, seasonLength: stepsPerDay, seed, teachers, checkpoint };
      const fitted = await forecaster.fit(history, fit);
      trained.push({
        name,
        purpose,
        stepSec: history.stepMs / 1_000,
        horizon,
        seed,
        series: history.seriesCount + teachers.reduce((sum, one) => sum + one.seriesCount, 0),
        fromMs: history.startMs,
        untilMs,
        bytes: fitted.save(),
      });
    }
  }
  return trained;
}

const JUDGE_DAYS_MIN = 11; // a week to look back, and some days of origins

/** Throws MODEL_UNKNOWN naming a model that does not learn from a fleet. */
export function refuseOtherModels(names: readonly string[]): void {
  const unknown = names.find((name) => !FLEET_MODELS.includes(name));
  if (unknown !== undefined) {
    const known = FLEET_MODELS.join(', ');
    const message = `model '${unknown}' is not trained on a fleet; these are: ${known}`;
    throw new DomainError('MODEL_UNKNOWN', message, { field: 'model' });
  }
}
