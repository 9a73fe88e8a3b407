// `slackwater runs`: the nights of a running service; `--start` starts one and waits for its end.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { DomainError, formatInstant, type EpochMs } from '../../core';
import type { RunPlan, RunStatus, StageProgress } from '../../predict';
import { RestClient } from '../client/rest-client';
import { startProgress } from '../progress';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf, instantOf } from './parse-options';
import { withService, type ClientOptions } from './service-options';

interface RunItem {
  readonly runId: string;
  readonly runDate: string;
  readonly attempt: number;
  readonly status: RunStatus;
  readonly plan: Pick<RunPlan, 'cutoffMs' | 'vmCount' | 'leftOut'>;
  readonly startedMs: EpochMs;
  readonly endedMs?: EpochMs;
  readonly failure?: string;
  readonly progress: readonly StageProgress[];
}

interface RunsOptions extends ClientOptions {
  readonly start?: boolean;
  readonly at?: EpochMs;
  readonly again?: boolean;
  readonly limit: number;
}

const POLL_MS = 300;
const STAGE_COUNT = 5;
const ROWS_MAX = 500;

const COLUMNS: readonly Column<RunItem>[] = [
  { head: 'run_date', cell: ({ runDate }) => runDate },
  { head: 'attempt', cell: ({ attempt }) => String(attempt), right: true },
  { head: 'status', cell: ({ status }) => status },
  { head: 'cutoff', cell: ({ plan }) => formatInstant(plan.cutoffMs) },
  { head: 'vms', cell: ({ plan }) => String(plan.vmCount), right: true },
  { head: 'started', cell: ({ startedMs }) => formatInstant(startedMs) },
  {
    head: 'seconds',
    cell: ({ startedMs, endedMs }) =>
      endedMs === undefined ? '' : ((endedMs - startedMs) / 1_000).toFixed(1),
    right: true,
  },
  { head: 'run_id', cell: ({ runId }) => runId },
  {
    head: 'left_out', // champions that could not be loaded; runs -o json has the reasons
    cell: ({ plan }) => (plan.leftOut ?? []).map((one) => `${one.name}-${one.stepSec}`).join(' '),
  },
  { head: 'failure', cell: ({ failure }) => failure ?? '' },
];

export function registerRuns(program: Command): void {
  withService(
    program
      .command('runs')
      .description('the nights of a running service, newest first')
      .option('--start', 'start the night, or join the one that runs, and wait for its end')
      .option('--at <instant>', 'with --start: instead of the last full hour', instantOf)
      .option('--again', 'with --start: a new attempt though it was published')
      .option('--limit <count>', 'most runs to list', countOf(1, ROWS_MAX), 20),
  ).action(runs);
}

async function runs(options: RunsOptions): Promise<void> {
  if (options.start !== true && (options.at !== undefined || options.again === true)) {
    throw new DomainError('REQUEST_INVALID', '--at and --again are accepted with --start only');
  }
  const client = RestClient.of(options);
  const items =
    options.start === true
      ? [await follow(client, options)]
      : (await client.json<{ items: RunItem[] }>(`/v1/runs?limit=${options.limit}`)).items;
  if (options.output === 'json') process.stdout.write(`${JSON.stringify({ items })}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, items));
  else process.stdout.write(alignedTable(COLUMNS, items));
  if (options.start === true && items[0].status === 'failed') process.exitCode = 1;
}

async function follow(client: RestClient, { at, again }: RunsOptions): Promise<RunItem> {
  let run = await client.json<RunItem>('/v1/runs', 'POST', { at, again });
  const progress = startProgress(`Night of ${run.runDate}`, STAGE_COUNT);
  while (run.status === 'running') {
    const share = run.progress.reduce((sum, stage) => sum + stage.done / stage.shards, 0);
    progress.update(share, run.progress.at(-1)?.stage ?? 'plan');
    await sleep(POLL_MS);
    run = await client.json<RunItem>(`/v1/runs/${run.runId}`);
  }
  progress.end(run.status);
  return run;
}
