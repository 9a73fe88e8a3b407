// `slackwater migration-cost fit|predict|replay`: a model of what migrations cost, from CSV to CSV.
import { readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { canonicalJson, DomainError, type Json } from '../../core';
import {
  costModelSchema,
  emptyModel,
  fitCostModel,
  parseRuns,
  predictRun,
  replayRuns,
  type CostModel,
  type RunPrediction,
  type RunRow,
} from '../../migration';

const SEED = 7;
const COLUMNS = [
  'run_id',
  'total_time_ms_p50',
  'total_time_ms_p95',
  'downtime_ms_p50',
  'downtime_ms_p95',
  'bytes_sent_p50',
  'bytes_sent_p95',
  'rounds_p50',
  'converges',
  'success_prob',
  'dirty_rate_bytes_per_sec',
  'dirty_source',
  'reason',
];

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DomainError('INPUT_UNREADABLE', `cannot read '${path}'`, { path }, { cause });
  });
}

async function readRuns(path: string, outcomes: boolean): Promise<RunRow[]> {
  return parseRuns(path, await textOf(path), outcomes);
}

async function readModel(path: string): Promise<CostModel> {
  const text = await textOf(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new DomainError('MODEL_STATE_INVALID', `'${path}' is not JSON`, { path }, { cause });
  }
  const parsed = costModelSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: place, message } = parsed.error.issues[0];
  const says = `'${path}' is no cost model of this release: ${place.join('.')}: ${message}`;
  throw new DomainError('MODEL_STATE_INVALID', says, { path });
}

const quoted = (text: string): string =>
  /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

function csvOf(rows: readonly RunRow[], predictions: readonly RunPrediction[]): string {
  const lines = rows.map(({ input }, i) => {
    const said = predictions[i];
    const { totalTimeMs, downtimeMs, bytesSent } = said;
    const cells = [
      quoted(input.runId),
      ...[totalTimeMs, downtimeMs, bytesSent].flatMap(({ p50, p95 }) => [p50, p95]),
      said.rounds,
      said.converges,
      said.successProb,
      said.dirtyRate,
      said.dirtySource,
      quoted(said.reason),
    ];
    return cells.join(',');
  });
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isSafeInteger(seed)) return seed;
  const message = `seed is '${text}'; a whole number is accepted`;
  throw new DomainError('REQUEST_INVALID', message, { field: 'seed' });
}

function oneOf(field: string, value: string, accepted: readonly string[]): void {
  if (accepted.includes(value)) return;
  const message = `${field} is '${value}'; ${accepted.join(' or ')} is accepted`;
  throw new DomainError('REQUEST_INVALID', message, { field });
}

interface FitFlags {
  readonly runs: string;
  readonly out: string;
  readonly residual: string;
  readonly seed: string;
  readonly output: string;
}

async function fit(flags: FitFlags): Promise<void> {
  oneOf('output', flags.output, ['table', 'json']);
  oneOf('residual', flags.residual, ['learned', 'none']);
  const rows = await readRuns(flags.runs, true);
  const seed = seedOf(flags.seed);
  const model = fitCostModel(rows, { seed, learned: flags.residual === 'learned' });
  if (model.runs === 0) {
    const message = `'${flags.runs}' has no completed run to learn from`;
    throw new DomainError('REQUEST_INVALID', message, { path: flags.runs });
  }
  await writeFile(flags.out, `${canonicalJson(model as unknown as Json)}\n`);
  const groups = Object.keys(model.constants).length;
  const summary = { model: flags.out, runs: model.runs, groups, learned: model.learned };
  const table = `${model.runs} runs, ${groups} groups of constants: ${flags.out}`;
  process.stdout.write(`${flags.output === 'json' ? canonicalJson(summary) : table}\n`);
}

interface PredictFlags {
  readonly runs: string;
  readonly model?: string;
  readonly prior?: boolean;
  readonly output: string;
}

async function predict(flags: PredictFlags): Promise<void> {
  oneOf('output', flags.output, ['csv']);
  if ((flags.model === undefined) === (flags.prior !== true)) {
    const message = 'give either --model MODEL.json or --prior';
    throw new DomainError('REQUEST_INVALID', message, { field: 'model' });
  }
  const model = flags.model === undefined ? emptyModel(SEED, false) : await readModel(flags.model);
  const rows = await readRuns(flags.runs, false);
  const predictions = rows.map((row) => predictRun(model, row.input));
  process.stdout.write(csvOf(rows, predictions));
}

async function replay(flags: { readonly runs: string; readonly output: string }): Promise<void> {
  oneOf('output', flags.output, ['csv']);
  const rows = await readRuns(flags.runs, true);
  process.stdout.write(csvOf(rows, replayRuns(rows, { seed: SEED, learned: true })));
}

/** Adds fit, predict, and replay to `migration-cost`. */
export function registerMigrationCostRuns(command: Command): void {
  command
    .command('fit')
    .description('a model from runs with outcomes')
    .requiredOption('--runs <file>', 'CSV of runs, see docs/migration.md')
    .requiredOption('--out <file>', 'MODEL.json to write')
    .option('--residual <kind>', 'learned, or none: physics constants alone', 'learned')
    .option('--seed <n>', 'seed of the draws', String(SEED))
    .option('-o, --output <format>', 'table or json', 'table')
    .action(fit);
  command
    .command('predict')
    .description('time, pause, and bytes of runs that have not been')
    .requiredOption('--runs <file>', 'CSV of runs; outcome columns are never looked at')
    .option('--model <file>', 'MODEL.json of fit')
    .option('--prior', 'without a model')
    .option('-o, --output <format>', 'csv', 'csv')
    .action(predict);
  command
    .command('replay')
    .description('predicts each run by its start, then learns its outcome')
    .requiredOption('--runs <file>', 'CSV of runs with outcomes')
    .option('-o, --output <format>', 'csv', 'csv')
    .action(replay);
}
