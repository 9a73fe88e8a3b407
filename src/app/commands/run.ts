// `slackwater run`: one night on files, without a service; the bytes that the service would publish.
import { join } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_TENANT, DomainError, localDate, type EpochMs } from '../../core';
import {
  compactUntil,
  FileSampleSource,
  ingestSamples,
  readVmsFile,
  ROLLUP_SETTINGS,
} from '../../ingest';
import type { BackendName } from '../../kernels';
import { memberNames } from '../../models';
import {
  FIVE_MINUTE,
  HOURLY,
  runNight,
  SHARD_SIZE,
  type Resolution,
  type Run,
  type RunSummary,
} from '../../predict';
import { encodeForecastExport, forecastCsv } from '../files/export-forecasts';
import { memoryNight, type MemoryNight } from '../files/memory-night';
import { ModelFolder } from '../files/model-folder';
import { nightModels } from '../files/night-models';
import { writeWhole } from '../files/write-whole';
import { OUTSIDE_BOUNDS, outsideCommands, outsideModels } from '../outside-models';
import { startProgress } from '../progress';
import { timed } from '../timed';
import { CODE_VERSION } from '../version';
import { countOf, instantOf } from './parse-options';

interface RunOptions {
  readonly input: string;
  readonly step: string;
  readonly vms?: string;
  readonly at: EpochMs;
  readonly out: string;
  readonly modelDir?: string;
  readonly fleetModels: boolean;
  readonly outside?: readonly string[];
  readonly outsideHourly?: boolean;
  readonly outsideSeconds: number;
  readonly outsideMib: number;
  readonly zone: string;
  readonly shardSize: number;
  readonly workers: number;
  readonly backend: BackendName;
  readonly format: string;
  readonly output: string;
}

const STEPS: Readonly<Record<string, number>> = { '60': 60_000, '300': 300_000 };
const FORMATS = ['arrow', 'csv'];

export function registerRun(program: Command): void {
  program
    .command('run')
    .description('run one night on a file of samples')
    .requiredOption('--input <file>', 'CSV[.gz] or Parquet: unique_id,ds,y (ds in epoch seconds)')
    .requiredOption('--step <seconds>', 'between samples of one VM: 60 or 300')
    .option('--vms <file>', 'CSV: unique_id,vcpus,memory_bytes')
    .requiredOption('--at <instant>', 'the night, e.g. 2013-09-15T22:00:00Z', instantOf)
    .requiredOption('--out <folder>', 'gets windows.jsonl, forecasts, summary.json')
    .option(
      '--model-dir <folder>',
      'models of the fleet, by slackwater train; else trained on the input, and kept',
    )
    .option('--no-fleet-models', 'only models of each series: nothing is trained')
    .option('--outside <name=command...>', 'programs that forecast beside (docs/models/outside.md)')
    .option('--outside-hourly', 'they forecast hours alone, not five minutes')
    .option(
      '--outside-seconds <count>',
      'each process of such a program may take',
      countOf(1, OUTSIDE_BOUNDS.secondsMax),
      OUTSIDE_BOUNDS.seconds,
    )
    .option(
      '--outside-mib <count>',
      'of memory it may hold',
      countOf(1, OUTSIDE_BOUNDS.mibMax),
      OUTSIDE_BOUNDS.mib,
    )
    .option('--zone <iana>', "the tenant's time zone", 'UTC')
    .option(
      '--shard-size <vms>',
      'VMs worked on together; never changes a result',
      countOf(1, 4_096),
      SHARD_SIZE,
    )
    .option(
      '--workers <count>',
      'shards in hand at once; never changes a result',
      countOf(1, 64),
      2,
    )
    .option('--backend <name>', 'auto, reference, or native', 'auto')
    .option('--format <name>', 'of the forecasts: arrow or csv', 'arrow')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(run);
}

async function run(options: RunOptions): Promise<void> {
  const stepMs = STEPS[options.step];
  if (stepMs === undefined) {
    throw new DomainError('REQUEST_INVALID', `--step is '${options.step}'; 60 or 300 is accepted`);
  }
  if (!FORMATS.includes(options.format)) {
    throw new DomainError(
      'REQUEST_INVALID',
      `--format is '${options.format}'; arrow or csv is accepted`,
    );
  }
  const outside = outsideModels({ ...options, outside: outsideCommands(options.outside ?? []) });
  const seconds: Record<string, number> = {};
  const opened = memoryNight(options.backend);
  const { notice } = opened.kernels.report();
  if (notice !== undefined) process.stderr.write(`${notice}\n`);
  const given =
    options.modelDir === undefined
      ? undefined
      : await ModelFolder.open(options.modelDir, opened.kernels);
  const counters = await timed(seconds, 'read', () => read(options, stepMs, opened));
  const folder = given ?? (await timed(seconds, 'train', () => trained(options, stepMs, opened)));
  const ports = { ...opened.ports, fleetModel: folder?.fleetModel, outside };
  const night = { ...opened, ports };
  const done = await timed(seconds, 'night', () => forecastNight(options, night, folder, seconds));
  const summary = done.summary as unknown as RunSummary;
  await timed(seconds, 'write', () => write(options, night, done));
  const report = {
    runDate: done.runDate,
    vms: summary.vms,
    documents: summary.documents,
    windows: summary.windows,
    vmsWithWindows: summary.vmsWithWindows,
    models: summary.models,
    abstentions: summary.abstentions,
    refusals: summary.refusals,
    errors: summary.errors,
    samples: counters,
    kernels: { backend: done.plan.backend, isa: done.plan.isa },
    seconds,
    rssPeakBytes: process.resourceUsage().maxRSS * 1_024,
  };
  await writeWhole(join(options.out, 'summary.json'), [
    `${JSON.stringify(report, undefined, 2)}\n`,
  ]);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else printTable(options, report);
}

/** Models of the input's own fleet, kept by content; none where the user wants none. */
async function trained(
  options: RunOptions,
  stepMs: number,
  night: MemoryNight,
): Promise<ModelFolder | undefined> {
  if (!options.fleetModels) return undefined;
  return nightModels(night, options.input, stepMs, options.at);
}

async function read(options: RunOptions, stepMs: number, night: MemoryNight) {
  const vms = options.vms === undefined ? [] : await readVmsFile(options.vms);
  const source = new FileSampleSource(options.input, stepMs);
  const progress = startProgress('Reading samples', undefined);
  const counters = await ingestSamples(source, night.rollups, {
    settings: { ...ROLLUP_SETTINGS, stepMs, bounded: true },
    clock: night.ports.clock,
    partitions: [0],
    onBatch: (received) => progress.update(received, 'samples'),
  });
  await source.close();
  progress.end(`${counters.received} samples`);
  // VMs that sent nothing are no part of the night.
  await night.rollups.describeVms(source.vmSpecs);
  const known = new Set((await night.rollups.vms()).map((vm) => vm.vmId));
  await night.rollups.describeVms(vms.filter((vm) => known.has(vm.vmId)));
  await compactUntil(night.rollups, night.objects, options.at);
  return counters;
}

async function forecastNight(
  options: RunOptions,
  night: MemoryNight,
  folder: ModelFolder | undefined,
  seconds: Record<string, number>,
): Promise<Run> {
  const { backend, isa } = night.kernels.report();
  const outside = [...(night.ports.outside?.keys() ?? [])];
  const progress = startProgress('Forecasting', 100);
  let stageStarted = performance.now();
  let lastStage = '';
  const done = await runNight(
    {
      tenantId: DEFAULT_TENANT,
      timeZone: options.zone,
      atMs: options.at,
      shardSize: options.shardSize,
      backend,
      isa,
      codeVersion: CODE_VERSION,
      models: {
        hourly: [...membersFor(HOURLY, folder), ...outside],
        fiveMinute: [
          ...membersFor(FIVE_MINUTE, folder),
          ...(options.outsideHourly === true ? [] : outside),
        ],
      },
    },
    night.ports,
    {
      workers: options.workers,
      worker: { name: 'file' },
      onProgress: (_, stages) => {
        const current = stages.find((stage) => stage.done < stage.shards)?.stage ?? 'end';
        if (current !== lastStage) {
          if (lastStage !== '') seconds[lastStage] = (performance.now() - stageStarted) / 1_000;
          stageStarted = performance.now();
          lastStage = current;
        }
        const shares = stages.map((stage) => stage.done / stage.shards);
        progress.update(20 * shares.reduce((a, b) => a + b, 0), current);
      },
    },
  );
  progress.end(`night of ${localDate(options.at, options.zone)}`);
  await night.ports.queue.close();
  return done;
}

function membersFor(resolution: Resolution, folder: ModelFolder | undefined): readonly string[] {
  return [...memberNames(resolution.stepsPerDay), ...(folder?.namesFor(resolution) ?? [])];
}

async function write(options: RunOptions, night: MemoryNight, done: Run): Promise<void> {
  const vmIds = await night.ledger.vmIds(done.runId, 0, done.plan.vmCount);
  await writeWhole(join(options.out, 'windows.jsonl'), documentLines(night, done, vmIds));
  if (options.format === 'csv') {
    await writeWhole(join(options.out, 'forecasts.csv'), forecastCsv(done, night.ports));
    return;
  }
  for (const [resolution, name] of [
    [FIVE_MINUTE, 'forecasts.arrow'],
    [HOURLY, 'forecasts-hourly.arrow'],
  ] as const) {
    const bytes = await encodeForecastExport(done, resolution, night.ports);
    await writeWhole(join(options.out, name), [bytes]);
  }
}

async function* documentLines(
  night: MemoryNight,
  done: Run,
  vmIds: readonly string[],
): AsyncGenerator<string> {
  for (const vmId of vmIds) {
    const document = await night.windows.document(done.tenantId, vmId);
    if (document !== undefined) yield `${document.text}\n`;
  }
}

function printTable(options: RunOptions, report: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(report)) {
    process.stdout.write(`${name.padEnd(16)} ${JSON.stringify(value)}\n`);
  }
  process.stdout.write(`${'out'.padEnd(16)} ${options.out}\n`);
}
