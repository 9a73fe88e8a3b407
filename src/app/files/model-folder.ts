// A folder of trained models: a manifest, and one file for each; what `train` writes and `run` reads.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { DomainError } from '../../core';
import type { Kernels } from '../../kernels';
import { createForecaster, type FittedForecaster } from '../../models';
import {
  checksumsOf,
  refuseOtherBytes,
  type ModelPurpose,
  type NightPorts,
  type Resolution,
  type TrainedModel,
} from '../../predict';
import { CODE_VERSION } from '../version';
import { writeWhole } from './write-whole';

const MANIFEST = 'manifest.json';
const DAY_SEC = 86_400;

const entrySchema = z.object({
  name: z.string(),
  purpose: z.enum(['forecast', 'judge']),
  stepSec: z.number().int().positive(),
  horizon: z.number().int().positive(),
  seed: z.number().int(),
  series: z.number().int().nonnegative(),
  fromMs: z.number(),
  untilMs: z.number(),
  file: z.string(),
  bytes: z.number().int().nonnegative(),
  crc32c: z.number().int().nonnegative(),
  sha256: z.string(),
});
const manifestSchema = z.object({
  version: z.literal(1),
  codeVersion: z.string(),
  backend: z.string(),
  isa: z.string(),
  models: z.array(entrySchema),
});
export type ModelEntry = z.infer<typeof entrySchema>;
export type Manifest = z.infer<typeof manifestSchema>;

/** Models of another step or name that the folder has stay. The manifest is written last. */
export async function writeModels(
  folder: string,
  trained: readonly TrainedModel[],
  kernels: Kernels,
): Promise<Manifest> {
  const old = (await readManifest(folder, true))?.models ?? [];
  const entries: ModelEntry[] = [];
  for (const { bytes, ...about } of trained) {
    const suffix = about.purpose === 'judge' ? '-judge' : '';
    const file = `${about.name}-${about.stepSec}${suffix}.model`;
    await writeWhole(join(folder, file), [bytes]);
    entries.push({ ...about, file, ...checksumsOf(bytes) });
  }
  const kept = old.filter((one) => !entries.some((entry) => entry.file === one.file));
  const { backend, isa } = kernels.report();
  const manifest: Manifest = {
    version: 1,
    codeVersion: CODE_VERSION,
    backend,
    isa,
    models: [...kept, ...entries].toSorted((a, b) => (a.file < b.file ? -1 : 1)),
  };
  await writeWhole(join(folder, MANIFEST), [`${JSON.stringify(manifest, undefined, 2)}\n`]);
  return manifest;
}

/** Throws MODEL_STATE_INVALID naming the file; undefined where `mayLack` and there is none. */
async function readManifest(folder: string, mayLack: boolean): Promise<Manifest | undefined> {
  const path = join(folder, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (mayLack && (cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    const message = `'${path}' cannot be read; 'slackwater train --out' writes it`;
    throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    const message = `'${path}' is no manifest of models: ${(cause as Error).message}`;
    throw new DomainError('MODEL_STATE_INVALID', message, { path }, { cause });
  }
}

/** The models of a folder, read and checked once. */
export class ModelFolder {
  private readonly loaded = new Map<string, Promise<FittedForecaster>>();

  private constructor(
    private readonly folder: string,
    readonly manifest: Manifest,
    private readonly kernels: Kernels,
  ) {}

  /** Throws INPUT_UNREADABLE or MODEL_STATE_INVALID naming the path. */
  static async open(folder: string, kernels: Kernels): Promise<ModelFolder> {
    const manifest = (await readManifest(folder, false)) as Manifest;
    return new ModelFolder(folder, manifest, kernels);
  }

  /** Models that can forecast a resolution to its horizon. */
  namesFor({ stepMs, horizon }: Pick<Resolution, 'stepMs' | 'horizon'>): readonly string[] {
    return this.manifest.models
      .filter((one) => one.purpose === 'forecast')
      .filter((one) => one.stepSec * 1_000 === stepMs && one.horizon >= horizon)
      .map((one) => one.name);
  }

  /** As NightPorts asks for it: undefined for a model that the folder does not have. */
  readonly fleetModel: NonNullable<NightPorts['fleetModel']> = (_, resolution, name, purpose) =>
    this.modelOf(name, resolution.stepMs, purpose);

  /** Undefined for a model that the folder does not have. Throws as `open`, naming the model's file. */
  async modelOf(
    name: string,
    stepMs: number,
    purpose: ModelPurpose = 'forecast',
  ): Promise<FittedForecaster | undefined> {
    const entry = this.find(name, stepMs, purpose);
    if (entry === undefined) return undefined;
    const known = this.loaded.get(entry.file) ?? this.load(entry);
    this.loaded.set(entry.file, known);
    return known;
  }

  private find(name: string, stepMs: number, purpose: ModelPurpose): ModelEntry | undefined {
    const own = this.manifest.models.filter(
      (one) => one.name === name && one.stepSec * 1_000 === stepMs,
    );
    return own.find((one) => one.purpose === purpose) ?? own[0];
  }

  private async load(entry: ModelEntry): Promise<FittedForecaster> {
    const path = join(this.folder, entry.file);
    let bytes: Uint8Array;
    try {
      bytes = await readFile(path);
    } catch (cause) {
      const message = `model file '${path}' cannot be read`;
      throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
    }
    refuseOtherBytes(path, bytes, entry);
    const stepsPerDay = DAY_SEC / entry.stepSec;
    const { name, horizon } = entry;
    return createForecaster(name, { kernels: this.kernels, stepsPerDay, horizon }).load(bytes);
  }
}
