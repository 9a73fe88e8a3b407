// `slackwater backtest`: rolling origins over a file; every model beside the baselines.
import { createGzip } from 'node:zlib';
import { existsSync } from 'node:fs';
import { pipeline, Readable } from 'node:stream';
import type { Command } from 'commander';
import { DomainError, SystemClock, type EpochMs } from '../../core';
import { openKernels, type BackendName } from '../../kernels';
import {
  forecastHeader,
  forecastLines,
  originsOf,
  judgeStructure,
  countStructure,
  readM4,
  readPanel,
  referenceOf,
  reportModel,
  runBacktest,
  type BacktestRequest,
  type ModelReport,
  type ModelRun,
  type Origins,
  type Panel,
  type StructureVerdict,
} from '../../predict';
import { writeWhole } from '../files/write-whole';
import { startProgress, type Progress } from '../progress';
import { csvTable, type Column } from '../table';
import { parseBacktest, type BacktestSettings } from './backtest-settings';
import { backtestTable, type StructureReport } from './backtest-table';
import { rankingModel, windowLines } from './backtest-windows';
import { OUTSIDE_BOUNDS, outsideModels } from '../outside-models';
import { instantOf } from './parse-options';

export function registerBacktest(program: Command): void {
  program
    .command('backtest')
    .description('measure models on rolling origins, beside the baselines')
    .requiredOption('--input <file>', 'CSV[.gz] or Parquet: unique_id,ds,y (ds in epoch seconds)')
    .option('--format <name>', 'csv (also Parquet), or m4', 'csv')
    .option('--actuals <file>', 'what came, where it is not in the input')
    .option('--train <file...>', 'further fleets for models that learn from many')
    .option('--train-only', 'such models learn from --train alone')
    .requiredOption('--step <seconds>', '300 or 3600')
    .requiredOption('--horizon <steps>', 'steps to forecast')
    .option('--origins <count>', 'the last K origins, or final: past the end of the data', '8')
    .option('--origin-step <steps>', 'between origins; default one day')
    .option('--anchor <name>', 'where the last horizon ends: auto, global, or series', 'auto')
    .requiredOption('--models <names>', 'comma list')
    .option('--outside <name=command...>', 'programs that forecast (docs/models/outside.md)')
    .option(
      '--outside-seconds <count>',
      'each process of such a program may take',
      String(OUTSIDE_BOUNDS.seconds),
    )
    .option('--outside-mib <count>', 'of memory it may hold', String(OUTSIDE_BOUNDS.mib))
    .option('--quantiles <levels>', 'comma list, e.g. .025,.5,.975; default nine from .01 to .99')
    .option('--until <instant>', 'later data is not read', instantOf)
    .option('--forecasts <file>', 'write every forecast as CSV[.gz]')
    .option('--windows <file>', 'write the three quietest windows of each VM and day as CSV')
    .option('--structure <file>', 'write as CSV which VMs have a structure, and how sure that is')
    .option('--minutes <list>', 'lengths of those windows; default 30,120')
    .option('--backend <name>', 'auto, reference, or native', 'auto')
    .option('-o, --output <format>', 'table or json', 'table')
    .action((options: Record<string, unknown>) => backtest(parseBacktest(options)));
}

async function backtest(settings: BacktestSettings): Promise<void> {
  const started = performance.now();
  for (const file of settings.train) {
    if (existsSync(file)) continue;
    throw new DomainError('INPUT_UNREADABLE', `--train '${file}' does not exist`, { path: file });
  }
  const outside = outsideModels(settings);
  const notes: string[] = [];
  const kernels = openKernels(settings.backend as BackendName);
  const { backend, isa, notice } = kernels.report();
  if (notice !== undefined) notes.push(notice);
  const panel = await readInput(settings.input, settings, settings.until);
  const origins = originsOf(panel, settings);
  const truth = await truthOf(settings, panel, origins);
  if (panel.rejectedLines > 0)
    notes.push(`${panel.rejectedLines} lines of the input are no sample`);
  for (const note of notes) process.stderr.write(`${note}\n`);
  const { horizon, stepsPerDay, models, levels } = settings;
  const teachers: Panel[] = [];
  for (const file of settings.train) {
    teachers.push(await readInput(file, settings, settings.until));
  }
  const progress = startProgress('Backtest', models.length * origins.count);
  const request: BacktestRequest = {
    panel,
    origins,
    reference: referenceOf(panel, origins, horizon, stepsPerDay, truth),
    models,
    horizon,
    stepsPerDay,
    levels,
    percentages: !settings.m4,
    m4: settings.m4,
    kernels,
    clock: new SystemClock(),
    teachers,
    teachersOnly: settings.trainOnly,
    outside,
    onForecast: (model, origin) =>
      progress.update(models.indexOf(model) * origins.count + origin, model),
  };
  const { reports, structure } = await runAll(request, settings, progress);
  const { requested, actual } = request.reference;
  const report = {
    actuals: (settings.actuals ?? settings.input).replace(/^.*\//, ''),
    step: settings.stepSec,
    horizon,
    season: stepsPerDay,
    anchor: origins.anchor,
    series: panel.ids.length,
    origins: origins.count,
    cutoffs: cutoffsOf(panel, origins),
    requested,
    no_actual: actual.length - requested,
    models: reports,
    ...(structure !== undefined && { structure }),
    kernels: { backend, isa },
    rejectedLines: panel.rejectedLines,
    notes,
    seconds: Math.round((performance.now() - started) / 10) / 100,
    rssPeakBytes: process.resourceUsage().maxRSS * 1_024,
  };
  if (settings.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else process.stdout.write(backtestTable(report));
}

interface Results {
  readonly reports: Record<string, ModelReport>;
  readonly structure?: StructureReport;
}

async function runAll(
  request: BacktestRequest,
  settings: BacktestSettings,
  progress: Progress,
): Promise<Results> {
  const reports: Record<string, ModelReport> = {};
  const { panel, origins, horizon, levels } = request;
  const main = rankingModel(settings.models);
  let ranked: ModelRun | undefined;
  let verdicts: readonly StructureVerdict[] | undefined;
  async function* lines(): AsyncGenerator<string> {
    yield forecastHeader(levels);
    for await (const run of runBacktest(request)) {
      if (run.model === main) {
        if (settings.windows !== undefined) ranked = run;
        verdicts = judgeStructure(run, request);
      }
      Object.assign(reports, reportModel(run, request));
      if (settings.forecasts !== undefined) yield* forecastLines(run, panel, origins, horizon);
    }
  }
  if (settings.forecasts === undefined) {
    for await (const line of lines()) void line; // nothing to keep: the reports are the result
  } else {
    await writeWhole(settings.forecasts, packed(settings.forecasts, lines()));
  }
  if (settings.windows !== undefined && ranked !== undefined) {
    const { file, minutes } = settings.windows;
    await writeWhole(file, packed(file, windowLines(ranked, request, minutes)));
  }
  if (settings.structure !== undefined && verdicts !== undefined) {
    const text = csvTable(structureColumns(panel.ids), verdicts);
    await writeWhole(settings.structure, Readable.from([text]));
  }
  progress.end(`${panel.ids.length} series, ${origins.count} origins`);
  if (verdicts === undefined) return { reports };
  return { reports, structure: { model: main, ...countStructure(verdicts) } };
}

function structureColumns(ids: readonly string[]): readonly Column<StructureVerdict>[] {
  const word = ({ structured }: StructureVerdict): string =>
    structured === undefined ? 'unjudged' : structured ? 'structured' : 'without';
  return [
    { head: 'unique_id', cell: ({ series }) => ids[series] },
    { head: 'structure', cell: word },
    { head: 'gain', cell: ({ gain }) => String(gain) },
    { head: 'standard_error', cell: ({ standardError }) => String(standardError) },
    { head: 'origins', cell: ({ origins }) => String(origins) },
  ];
}

function packed(path: string, lines: AsyncGenerator<string>): AsyncIterable<string | Uint8Array> {
  if (!path.endsWith('.gz')) return lines;
  // A failure of the lines destroys the stream, and so reaches whoever reads it.
  return pipeline(Readable.from(lines), createGzip({ level: 1 }), () => undefined);
}

function readInput(path: string, settings: BacktestSettings, until?: EpochMs): Promise<Panel> {
  if (settings.m4) return readM4(path);
  const untilSec = until === undefined ? undefined : until / 1_000;
  return readPanel(path, { stepSec: settings.stepSec, untilSec });
}

/** Actuals of (series, column of the input's grid); NaN where there is none. */
async function truthOf(
  settings: BacktestSettings,
  panel: Panel,
  origins: Origins,
): Promise<(series: number, column: number) => number> {
  if (settings.actuals === undefined) return lookUp(panel, panel.ids, () => 0);
  const actuals = await readInput(settings.actuals, settings);
  // M4's test rows start where each series ends; other files carry instants.
  const offset = (actuals.start - panel.start) / panel.step;
  const shift = settings.m4
    ? (series: number) => origins.cutoffs[series * origins.count + origins.count - 1]
    : () => offset;
  return lookUp(actuals, panel.ids, shift);
}

function lookUp(
  actuals: Panel,
  ids: readonly string[],
  shift: (series: number) => number,
): (series: number, column: number) => number {
  const rows = new Map(actuals.ids.map((id, row) => [id, row]));
  return (series, column) => {
    const row = rows.get(ids[series]);
    const at = column - shift(series);
    if (row === undefined || at < 0 || at >= actuals.length) return Number.NaN;
    return actuals.values[row * actuals.length + at];
  };
}

function cutoffsOf(panel: Panel, origins: Origins): readonly number[] | 'per series' {
  const { cutoffs, count } = origins;
  if (cutoffs.some((cutoff, at) => cutoff !== cutoffs[at % count])) return 'per series';
  return [...cutoffs.subarray(0, count)].map((cutoff) => panel.start + cutoff * panel.step);
}
