// Versions as they are measured: each by its newest artefact that has learned none of the measured nights.
import { DAY_MS, DomainError, formatInstant, type EpochMs, type SeriesBatch } from '../../core';
import type { ObjectStore } from '../../ingest';
import type { Kernels } from '../../kernels';
import { CALIBRATION_NIGHTS } from '../../models';
import { artefactBefore, loadModel } from './load-model';
import { measureModels, type Measured, type ModelErrors } from './measure-models';
import { slotName, type ModelVersion } from './model-registry';

/** What is known of a version before it was measured. */
export type Measurable = Pick<
  ModelVersion,
  'modelId' | 'name' | 'stepSec' | 'horizon' | 'artefacts'
>;

export interface VersionErrors {
  /** Under the ids of the versions, then the baselines under their names. */
  readonly errors: ModelErrors;
  /** Champions that could not be measured, by id, with the reason: the gate goes by the baselines then. */
  readonly unusable: ReadonlyMap<string, string>;
}

/** The first of the measured nights. */
export function firstOriginOf({ startMs, length, stepMs }: SeriesBatch): EpochMs {
  return startMs + length * stepMs - CALIBRATION_NIGHTS * DAY_MS;
}

/**
 * Throws MODEL_GATE_CLOSED where a version has learned all nights, OBJECT_STORE_UNAVAILABLE and
 * MODEL_STATE_INVALID naming a file; not for the champions.
 */
export async function measureVersions(
  versions: readonly Measurable[],
  champions: readonly Measurable[],
  history: SeriesBatch,
  kernels: Kernels,
  objects: ObjectStore,
): Promise<VersionErrors> {
  const measured = new Map<string, Measured>();
  const unusable = new Map<string, string>();
  for (const one of versions) {
    measured.set(one.modelId, await measurable(one, history, kernels, objects));
  }
  for (const one of champions) {
    if (measured.has(one.modelId)) continue;
    try {
      measured.set(one.modelId, await measurable(one, history, kernels, objects));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      unusable.set(one.modelId, error.message);
    }
  }
  const request = { history, nights: CALIBRATION_NIGHTS, kernels };
  return { errors: await measureModels([...measured.values()], request), unusable };
}

async function measurable(
  version: Measurable,
  history: SeriesBatch,
  kernels: Kernels,
  objects: ObjectStore,
): Promise<Measured> {
  const { modelId } = version;
  const firstOriginMs = firstOriginOf(history);
  const artefact = artefactBefore(version, firstOriginMs);
  if (artefact === undefined) {
    const message =
      `version '${modelId}' of ${slotName(version)} has learned the nights since ` +
      `${formatInstant(firstOriginMs)}: nothing is left to measure it by`;
    throw new DomainError('MODEL_GATE_CLOSED', message, { modelId });
  }
  return { model: modelId, fitted: await loadModel(objects, version, artefact, kernels) };
}
