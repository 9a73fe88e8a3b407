// `slackwater vm ID`: one VM of a running service: its windows, why, and what models did for it.
import type { Command } from 'commander';
import { formatInstant } from '../../core';
import type { ExplainedWindow, Explanation } from '../../migration';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { vmPath, withService, type ClientOptions } from './service-options';

interface Vm {
  readonly vmId: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  readonly owner?: string;
  readonly policy: string;
}

const GIB = 1_073_741_824;

const WINDOW_COLUMNS: readonly Column<ExplainedWindow>[] = [
  { head: 'rank', cell: ({ rank }) => String(rank), right: true },
  { head: 'not_before', cell: ({ notBeforeMs }) => formatInstant(notBeforeMs) },
  { head: 'latest_start', cell: ({ latestStartMs }) => formatInstant(latestStartMs) },
  { head: 'load_pct', cell: ({ loadPct }) => loadPct.mean.toFixed(2), right: true },
  { head: 'quieter_pct', cell: ({ quieterByPct }) => quieterByPct.toFixed(2), right: true },
  {
    head: 'downtime_ms_p95',
    cell: ({ cost }) => Math.round(cost.downtimeMs.p95).toString(),
    right: true,
  },
  {
    head: 'total_ms_p95',
    cell: ({ cost }) => Math.round(cost.totalTimeMs.p95).toString(),
    right: true,
  },
  { head: 'confidence', cell: ({ confidence }) => confidence.toFixed(2), right: true },
  { head: 'advice', cell: ({ advice }) => advice.mode },
];

export function registerVm(program: Command): void {
  withService(
    program.command('vm <id>').description('one VM of a running service: windows, reasons, models'),
  ).action(showVm);
}

async function showVm(id: string, options: ClientOptions): Promise<void> {
  const client = RestClient.of(options);
  const known = await client.json<Vm>(vmPath(id));
  const explained = await client.json<Explanation>(vmPath(id, '/explain'));
  if (options.output === 'json') {
    process.stdout.write(`${JSON.stringify({ ...known, explanation: explained })}\n`);
  } else if (options.output === 'csv') {
    process.stdout.write(csvTable(WINDOW_COLUMNS, explained.windows));
  } else {
    process.stdout.write(told(known, explained));
  }
}

function told(vm: Vm, explained: Explanation): string {
  const memory =
    vm.memoryBytes === undefined ? undefined : `${(vm.memoryBytes / GIB).toFixed(1)} GiB`;
  const facts = [
    vm.host && `host ${vm.host}`,
    vm.cluster && `cluster ${vm.cluster}`,
    vm.vcpus && `${vm.vcpus} vCPUs`,
    memory,
    vm.owner && `owner ${vm.owner}`,
    `policy ${vm.policy}`,
  ].filter((fact) => typeof fact === 'string');
  const { answer, windows, models, runDate } = explained;
  const lines = [
    `${vm.vmId}: ${facts.join(', ')}`,
    `Night of ${runDate}: ${answer}`,
    `Models: ${models.fiveMinute} (5 min), ${models.hourly} (hourly)`,
    '',
  ];
  if (windows.length > 0) lines.push(alignedTable(WINDOW_COLUMNS, windows));
  for (const window of windows) lines.push(`${window.rank}: ${window.reasons.join('; ')}`);
  return `${lines.join('\n').trimEnd()}\n`;
}
