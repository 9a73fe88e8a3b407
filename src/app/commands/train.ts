// `slackwater train`: models of the fleet, from files into a folder that `run` reads, or in a running service.
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
import { trainService } from './train-service';

interface TrainOptions {
  readonly model: string;
  readonly data?: readonly string[];
  readonly step?: string;
  readonly horizon?: number;
  readonly out?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly promote?: boolean;
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
    .description(
      'train models of the fleet: on files into a folder for run --model-dir, or, without --data, ' +
        'a running service on its own history, into its registry',
    )
    .option(
      '--model <names>',
      `comma list of ${FLEET_MODELS.join(', ')}`,
      USUAL_FLEET_MODELS.join(','),
    )
    .option('--data <file...>', 'CSV[.gz] or Parquet: unique_id,ds,y; several are one fleet')
    .option('--step <seconds>', '300 or 3600; a service trains both unless one is named')
    .option(
      '--horizon <steps>',
      'longest lead; default as a night needs it',
      countOf(1, HORIZON_MAX),
    )
    .option('--out <folder>', 'with --data: gets the models and manifest.json')
    .option('--url <url>', 'of the service; default from HTTP_HOST and HTTP_PORT')
    .option('--token-file <file>', 'bearer token; default DATA_DIR/operator.token')
    .option('--promote', 'without --data: make what passes the gate the champion at once')
    .option('--until <instant>', 'later data is not read', instantOf)
    .option('--seed <number>', 'of all draws', countOf(0, SEED_MAX), 1)
    .option('--checkpoints <folder>', 'go on from there after a break; lstm only')
    .option('--backend <name>', 'auto, reference, or native', 'auto')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(train);
}

async function train(options: TrainOptions): Promise<void> {
  const { step } = options;
  if (step !== undefined && HORIZONS[step] === undefined) {
    refuse('step', `--step is '${step}'; 300 or 3600 is accepted`);
  }
  const names = options.model.split(',').map((name) => name.trim());
  refuseOtherModels(names); // before the data are read
  if (options.data !== undefined) {
    await trainOnFiles(names, filesOf(options, options.data));
    return;
  }
  for (const field of ['out', 'horizon', 'checkpoints'] as const) {
    if (options[field] !== undefined) {
      refuse(
        field,
        `--${field} is accepted with --data only; without it a service is asked to train`,
      );
    }
  }
  const { seed, until, promote = false, output, url, tokenFile } = options;
  const stepSec = step === undefined ? undefined : Number(step);
  await trainService({ names, stepSec, seed, until, promote, output, url, tokenFile });
}

/** Options of a training on files, all there. */
type FileOptions = TrainOptions &
  Readonly<Record<'step' | 'out', string>> & {
    readonly data: readonly string[];
  };

function filesOf(options: TrainOptions, data: readonly string[]): FileOptions {
  const { step, out } = options;
  if (options.url !== undefined || options.promote === true) {
    refuse('data', '--data trains on files; --url and --promote are for the history of a service');
  }
  if (step === undefined) refuse('step', '--step is missing; 300 or 3600 is accepted');
  if (out === undefined) refuse('out', '--out is missing; the folder that gets the models');
  return { ...options, data, step, out };
}

function refuse(field: string, message: string): never {
  throw new DomainError('REQUEST_INVALID', message, { field });
}

async function trainOnFiles(names: readonly string[], options: FileOptions): Promise<void> {
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
    horizon: options.horizon ?? HORIZONS[options.step],
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

async function readAll({ data, step, until }: FileOptions): Promise<readonly SeriesBatch[]> {
  const stepSec = Number(step);
  const untilSec = until === undefined ? undefined : until / 1_000;
  const batches: SeriesBatch[] = [];
  for (const file of data) batches.push(batchOfPanel(await readPanel(file, { stepSec, untilSec })));
  return batches;
}
