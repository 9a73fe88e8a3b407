// From a version in the registry to a model that forecasts.
import { DAY_MS, SECOND_MS, type EpochMs } from '../../core';
import type { ObjectStore } from '../../ingest';
import type { Kernels } from '../../kernels';
import { createForecaster, type FittedForecaster } from '../../models';
import type { ModelPurpose } from '../train-models';
import { getArtefact } from './model-artefact';
import {
  versionUnknown,
  type ModelArtefact,
  type ModelRegistry,
  type ModelSlot,
  type ModelVersion,
} from './model-registry';

/** Throws MODEL_VERSION_UNKNOWN. */
export async function findVersion(
  registry: ModelRegistry,
  tenantId: string,
  modelId: string,
): Promise<ModelVersion> {
  const [version] = await registry.versions(tenantId, { modelId, limit: 1 });
  if (version === undefined) throw versionUnknown(modelId);
  return version;
}

/** The artefact of a purpose; a version without a judge judges itself. */
export function artefactOf(version: ModelVersion, purpose: ModelPurpose): ModelArtefact {
  const { artefacts } = version;
  return artefacts.find((one) => one.purpose === purpose) ?? artefacts[0];
}

/** The newest artefact that learned nothing at or after an instant; undefined when all did. */
export function artefactBefore(
  version: Pick<ModelVersion, 'artefacts'>,
  instantMs: EpochMs,
): ModelArtefact | undefined {
  return version.artefacts
    .filter((one) => one.untilMs <= instantMs)
    .toSorted((a, b) => b.untilMs - a.untilMs)[0];
}

/** Throws OBJECT_STORE_UNAVAILABLE or MODEL_STATE_INVALID naming the file. */
export async function loadModel(
  objects: ObjectStore,
  { name, stepSec, horizon }: ModelSlot & Pick<ModelVersion, 'horizon'>,
  artefact: ModelArtefact,
  kernels: Kernels,
): Promise<FittedForecaster> {
  const bytes = await getArtefact(objects, artefact);
  const stepsPerDay = DAY_MS / (stepSec * SECOND_MS);
  return createForecaster(name, { kernels, stepsPerDay, horizon }).load(bytes);
}
