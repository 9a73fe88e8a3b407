// Fleet models of one night on files: trained on what lies before it, kept by the content they came from.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EpochMs } from '../../core';
import { USUAL_FLEET_MODELS } from '../../models';
import {
  FIVE_MINUTE,
  HOURLY,
  TRAINING_VMS_MAX,
  trainingHistory,
  trainModels,
  type TrainedModel,
} from '../../predict';
import { startProgress } from '../progress';
import { CODE_VERSION } from '../version';
import type { MemoryNight } from './memory-night';
import { ModelFolder, writeModels } from './model-folder';

const SEED = 1;
const ROWS_MAX = 100_000; // a file run trains eight models before it forecasts: it should not wait minutes for them

/** The folder of an earlier night on the same bytes, or a new one. Throws INPUT_UNREADABLE, DISK_FULL. */
export async function nightModels(
  night: MemoryNight,
  input: string,
  stepMs: number,
  atMs: EpochMs,
): Promise<ModelFolder> {
  const { backend, isa } = night.kernels.report();
  const about = [CODE_VERSION, backend, isa, stepMs, atMs, SEED, ROWS_MAX, TRAINING_VMS_MAX];
  const hash = createHash('sha256').update(about.join(' '));
  for await (const part of createReadStream(input)) hash.update(part);
  const folder = join(tmpdir(), 'slackwater-models', hash.digest('hex').slice(0, 32));
  if (!existsSync(join(folder, 'manifest.json'))) {
    await writeModels(folder, await train(night, atMs), night.kernels);
  }
  return ModelFolder.open(folder, night.kernels);
}

async function train(night: MemoryNight, atMs: EpochMs): Promise<readonly TrainedModel[]> {
  const progress = startProgress('Training', 4 * USUAL_FLEET_MODELS.length);
  const trained: TrainedModel[] = [];
  for (const resolution of [HOURLY, FIVE_MINUTE]) {
    const models = await trainModels({
      names: USUAL_FLEET_MODELS,
      history: (await trainingHistory(night.ports.tenant(''), resolution, atMs)).batch,
      horizon: resolution.horizon,
      seed: SEED,
      rowsMax: ROWS_MAX,
      kernels: night.kernels,
      onModel: (name) => progress.update(trained.length, name),
    });
    trained.push(...models);
  }
  progress.end(`${trained.length} models`);
  return trained;
}
