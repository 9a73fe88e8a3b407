// `slackwater hindsight [RUN]`: what a night's windows cost at the loads that came, beside other moments.
import type { Command } from 'commander';
import { DAY_MS, DomainError, type EpochMs } from '../../core';
import { MOMENTS, type Moment, type MomentCost } from '../../migration';
import { RestClient } from '../client/rest-client';
import type { HindsightReport } from '../reports/hindsight-report';
import { alignedTable, csvTable, type Column } from '../table';
import { withService, type ClientOptions } from './service-options';

interface Row extends MomentCost {
  readonly moment: Moment;
  readonly saved?: number;
}

interface RunItem {
  readonly runId: string;
  readonly status: string;
  readonly plan: { readonly cutoffMs: EpochMs };
}

const COLUMNS: readonly Column<Row>[] = [
  { head: 'moment', cell: ({ moment }) => moment },
  { head: 'load_pct', cell: ({ loadPct }) => loadPct.toFixed(2), right: true },
  { head: 'downtime_ms', cell: ({ downtimeMs }) => downtimeMs.toFixed(1), right: true },
  { head: 'total_ms', cell: ({ totalTimeMs }) => totalTimeMs.toFixed(0), right: true },
  { head: 'harm_vcpu_s', cell: ({ harm }) => harm.toFixed(3), right: true },
  { head: 'saved_vcpu_s', cell: ({ saved }) => saved?.toFixed(2) ?? '', right: true },
];

export function registerHindsight(program: Command): void {
  withService(
    program
      .command('hindsight [run]')
      .description('a night’s windows at the loads that came; default the newest that is over'),
  ).action(hindsight);
}

async function hindsight(runId: string | undefined, options: ClientOptions): Promise<void> {
  const client = RestClient.of(options);
  const id = runId ?? (await newest(client));
  const report = await client.json<HindsightReport>(`/v1/runs/${encodeURIComponent(id)}/hindsight`);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, rowsOf(report)));
  else process.stdout.write(told(report));
}

/** The newest published night whose day is over, else the newest. */
async function newest(client: RestClient): Promise<string> {
  const { items } = await client.json<{ items: readonly RunItem[] }>('/v1/runs?limit=50');
  const published = items.filter(({ status }) => status === 'published');
  const isOver = ({ plan }: RunItem): boolean => plan.cutoffMs + DAY_MS <= Date.now();
  const found = published.find(isOver) ?? published[0];
  if (found === undefined) throw new DomainError('RUN_UNKNOWN', 'no night was published yet');
  return found.runId;
}

function rowsOf({ moments, saved }: HindsightReport): readonly Row[] {
  if (moments === undefined) return [];
  return MOMENTS.map((moment) => ({
    moment,
    ...moments[moment],
    ...(moment !== 'chosen' && { saved: saved?.[moment] }),
  }));
}

function told(report: HindsightReport): string {
  const { runDate, complete, comparedVms, leftOutVms, loadCoverage } = report;
  const lines = [
    `Night of ${runDate}: ${comparedVms} VMs compared, ${leftOutVms} left out for gaps in their load`,
  ];
  if (!complete) lines.push('The day is not over: only what is known of it is compared.');
  if (comparedVms === 0) lines.push('Nothing can be compared yet: wait for the day’s samples.');
  else {
    lines.push('', alignedTable(COLUMNS, rowsOf(report)));
    const share = ((loadCoverage ?? 0) * 100).toFixed(0);
    lines.push(`The load of ${share} % of the windows lay between their forecast P05 and P95.`);
  }
  return `${lines.join('\n')}\n`;
}
