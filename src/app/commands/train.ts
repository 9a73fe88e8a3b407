// `slackwater train`: models of the fleet, from files of series into a folder that `run` reads.
import type { Command } from 'commander';
import { DomainError, type EpochMs, type SeriesBatch } from '../../core';
import { openKernels, type BackendName } from '../../kernels';
import { FLEET_MODELS, USUAL_FLEET_MODELS } from '../../models';
import {
  batchOfPanel,
  FIVE_MINUTE,
  HOURLY,
  readPanel,
  refuseOtherModels,
  trainModels,
} from '../../predict';
import { CheckpointFolder } from '../files/checkpoint-folder';
import { writeModels } from '../files/model-folder';
import { startProgress } from '../progress';
import { countOf, instantOf } from './parse-options';

interface TrainOptions {
  readonly model: string;
  readonly data: readonly string[];
  readonly step: string;
  readonly horizon?: number;
  readonly out: string;
  readonly until?: EpochMs;
  readonly seed: number;
  readonly checkpoints?: string;
  readonly backend: BackendName;
  readonly output: string;
}

const HORIZONS: Readonly<Record<string, number>> = {
  '300': FIVE_MINUTE.horizon,
  '3600': HOURLY.horizon,
};
const HORIZON_MAX = 2_016; // a week of five-minute steps
const SEED_MAX = 4_294_967_295;

export function registerTrain(program: Command): void {
  program
    .command('train')
    .description('train models of the fleet; run --model-dir uses them')
    .option(
      '--model <names>',
      `comma list of ${FLEET_MODELS.join(', ')}`,
      USUAL_FLEET_MODELS.join(','),
    )
    .requiredOption(
      '--data <file...>',
      'CSV[.gz] or Parquet: unique_id,ds,y; several are one fleet',
    )
    .requiredOption('--step <seconds>', '300 or 3600')
    .option(
      '--horizon <steps>',
      'longest lead; default as a night needs it',
      countOf(1, HORIZON_MAX),
    )
    .requiredOption('--out <folder>', 'gets the models and manifest.json')
    .option('--until <instant>', 'later data is not read', instantOf)
    .option('--seed <number>', 'of all draws', countOf(0, SEED_MAX), 1)
    .option('--checkpoints <folder>', 'go on from there after a break; lstm only')
    .option('--backend <name>', 'auto, reference, or native', 'auto')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const usual = HORIZONS[options.step];
  if (usual === undefined) {
    const message = `--step is '${options.step}'; 300 or 3600 is accepted`;
    throw new DomainError('REQUEST_INVALID', message, { field: 'step' });
  }
  const names = options.model.split(',').map((name) => name.trim());
  refuseOtherModels(names); // before the data are read
  const kernels = openKernels(options.backend);
  const { notice } = kernels.report();
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  const started = performance.now();
  const [history, ...teachers] = await readAll(options);
  const progress = startProgress('Training', 2 * names.length);
  let done = 0;
  const checkpoints =
    options.checkpoints === undefined
      ? undefined
      : new CheckpointFolder(options.checkpoints, Number(options.step));
  const trained = await trainModels({
    names,
    history,
    teachers,
    horizon: options.horizon ?? usual,
    seed: options.seed,
    kernels,
    checkpointOf: checkpoints && ((name, purpose) => checkpoints.of(name, purpose)),
    onModel: (name, purpose) => {
      progress.update(done, purpose === 'judge' ? `${name}, to judge the last nights` : name);
      done += 1;
    },
  });
  const manifest = await writeModels(options.out, trained, kernels);
  await checkpoints?.clear();
  progress.end(`${trained.length} models of ${trained[0]?.series ?? 0} series`);
  const seconds = Math.round((performance.now() - started) / 10) / 100;
  const report = { ...manifest, out: options.out, seconds };
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else for (const one of manifest.models) process.stdout.write(`${one.file}  ${one.sha256}\n`);
}

async function readAll({ data, step, until }: TrainOptions): Promise<readonly SeriesBatch[]> {
  const stepSec = Number(step);
  const untilSec = until === undefined ? undefined : until / 1_000;
  const batches: SeriesBatch[] = [];
  for (const file of data) batches.push(batchOfPanel(await readPanel(file, { stepSec, untilSec })));
  return batches;
}
