// `slackwater models export`: a trained booster as a file that other programs open.
import type { Command } from 'commander';
import { DomainError } from '../../core';
import { openKernels, type BackendName } from '../../kernels';
import { exportedTreesOf, FittedBoosted, xgboostModelOf, xgboostText } from '../../models';
import { ModelFolder } from '../files/model-folder';
import { writeWhole } from '../files/write-whole';

interface ExportOptions {
  readonly modelDir: string;
  readonly model: string;
  readonly step: string;
  readonly format: string;
  readonly out: string;
  readonly backend: BackendName;
  readonly output: string;
}

export function registerModelsExport(program: Command): void {
  const group =
    program.commands.find((one) => one.name() === 'models') ??
    program.command('models').description('trained models of the fleet');
  group
    .command('export')
    .description('a booster of a model folder as a file that XGBoost opens')
    .requiredOption('--model-dir <folder>', 'as train --out wrote it')
    .option('--model <name>', 'boosted or boosted-blend', 'boosted')
    .option('--step <seconds>', '300 or 3600', '3600')
    .option('--format <name>', 'xgboost: JSON of XGBoost 2.1 and later', 'xgboost')
    .requiredOption('--out <file>', 'gets the model')
    .option('--backend <name>', 'auto, reference, or native', 'auto')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(exportModel);
}

async function exportModel(options: ExportOptions): Promise<void> {
  const { model: name, out, format } = options;
  if (format !== 'xgboost') refuse('format', `--format is '${format}'; xgboost is accepted`);
  const stepMs = 1_000 * Number(options.step);
  if (stepMs !== 300_000 && stepMs !== 3_600_000) {
    refuse('step', `--step is '${options.step}'; 300 or 3600 is accepted`);
  }
  const folder = await ModelFolder.open(options.modelDir, openKernels(options.backend));
  const fitted = await folder.modelOf(name, stepMs);
  if (fitted === undefined) {
    const known = folder.manifest.models.map((one) => `${one.name} (${one.stepSec} s)`);
    const message = `'${options.modelDir}' has no model '${name}' of ${options.step} s; it has ${known.join(', ')}`;
    throw new DomainError('MODEL_UNKNOWN', message, { field: 'model' });
  }
  if (!(fitted instanceof FittedBoosted)) {
    return refuse('model', `model '${name}' is not made of trees; boosted, boosted-blend are`);
  }
  const model = xgboostModelOf(exportedTreesOf(fitted));
  await writeWhole(out, xgboostText(model));
  const { levels, featureCount, attributes } = model;
  const report = { out, format, levels, trees: model.treeOutputs.length, featureCount, attributes };
  const text = `${out}: ${report.trees} trees of ${featureCount} features, ${levels.length} quantiles`;
  process.stdout.write(`${options.output === 'json' ? JSON.stringify(report) : text}\n`);
}

function refuse(field: string, message: string): never {
  throw new DomainError('REQUEST_INVALID', message, { field });
}
