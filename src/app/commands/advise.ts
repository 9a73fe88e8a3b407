// `slackwater advise CLUSTER`: VMs to move off overloaded hosts, and hosts that can be emptied.
import type { Command } from 'commander';
import { formatInstant } from '../../core';
import type { AdvisedMove, ClusterAdvice } from '../../migration';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf } from './parse-options';
import { lengthOf } from './plan-options';
import { withService, type ClientOptions } from './service-options';

interface AdviseOptions extends ClientOptions {
  readonly hours?: number;
  readonly hotShare?: string;
  readonly fillShare?: string;
  readonly maxDowntime?: number;
  readonly coolDown?: number;
}

interface Row extends AdvisedMove {
  readonly why: 'relieve' | 'empty';
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'why', cell: ({ why, from }) => `${why} ${from}` },
  { head: 'vm', cell: ({ vmId }) => vmId },
  { head: 'target', cell: ({ target }) => target },
  { head: 'mode', cell: ({ mode }) => mode },
  { head: 'time_ms_p95', cell: ({ totalTimeMs }) => String(totalTimeMs.p95), right: true },
  { head: 'downtime_ms_p95', cell: ({ downtimeMs }) => String(downtimeMs.p95), right: true },
  { head: 'harm_vcpu_s', cell: ({ harm }) => harm.toFixed(2), right: true },
];

export function registerAdvise(program: Command): void {
  withService(
    program
      .command('advise <cluster>')
      .description(
        'moves that relieve overloaded hosts, and hosts that can be emptied, by forecast',
      )
      .option('--hours <count>', 'of forecast that must bear it; 24', countOf(1, 168))
      .option('--hot-share <share>', 'of the cores, above which a host is overloaded; .8')
      .option('--fill-share <share>', 'of the cores, up to which a host is filled; .65')
      .option('--max-downtime <length>', 'P95 of each pause, as 300ms (the default)', lengthOf)
      .option('--cool-down <length>', 'rest of a VM after a migration, as 24h', lengthOf),
  ).action(advise);
}

async function advise(cluster: string, options: AdviseOptions): Promise<void> {
  const asked = Object.entries({
    hours: options.hours,
    hotShare: options.hotShare,
    fillShare: options.fillShare,
    maxDowntimeMs: options.maxDowntime,
    coolDownMs: options.coolDown,
  }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const path = `/v1/clusters/${encodeURIComponent(cluster)}/advice?${new URLSearchParams(asked)}`;
  const advice = await RestClient.of(options).json<ClusterAdvice>(path);
  const rows = rowsOf(advice);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(advice)}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, rows));
  else process.stdout.write(told(advice, rows));
}

function rowsOf({ relieve, empty }: ClusterAdvice): readonly Row[] {
  return [
    ...relieve.flatMap(({ moves }) => moves.map((move): Row => ({ why: 'relieve', ...move }))),
    ...empty.flatMap(({ moves }) => moves.map((move): Row => ({ why: 'empty', ...move }))),
  ];
}

function told(advice: ClusterAdvice, rows: readonly Row[]): string {
  const { cluster, untilMs, relieve, empty, notes } = advice;
  const lines = [`Cluster ${cluster}, by the forecast until ${formatInstant(untilMs)}`];
  for (const { host, reason } of relieve) lines.push(`Relieve ${host}: ${reason}`);
  for (const { host, reason, freedCoreHours } of empty) {
    lines.push(`Empty ${host} (${freedCoreHours} core-hours): ${reason}`);
  }
  if (relieve.length + empty.length === 0) {
    lines.push('Nothing to do: no host will be overloaded, and none can be spared');
  }
  lines.push(...notes.map((note) => `Note: ${note}`));
  const table = rows.length === 0 ? '' : `\n${alignedTable(COLUMNS, rows)}`;
  return `${lines.join('\n')}\n${table}`;
}
