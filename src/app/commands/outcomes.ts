// `slackwater outcomes`: how right predicted migration costs were, night by night, and whether they drift.
import type { Command } from 'commander';
import type { CorrectionReport, Coverage } from '../../migration';
import { RestClient } from '../client/rest-client';
import type { CoverageReport } from '../http/outcomes.controller';
import { alignedTable, csvTable, type Column } from '../table';
import { withService, type ClientOptions } from './service-options';

type Row = Coverage & { readonly date: string };

const share = (value?: number): string => (value === undefined ? '' : value.toFixed(2));
const COLUMNS: readonly Column<Row>[] = [
  { head: 'date', cell: ({ date }) => date },
  { head: 'measure', cell: ({ measure }) => measure },
  { head: 'judged', cell: ({ judged }) => String(judged), right: true },
  { head: 'p50_cover', cell: ({ p50Cover }) => share(p50Cover), right: true },
  { head: 'p95_cover', cell: ({ p95Cover }) => share(p95Cover), right: true },
  { head: 'median_ratio', cell: ({ medianRatio }) => share(medianRatio), right: true },
];

export function registerOutcomes(program: Command): void {
  withService(
    program
      .command('outcomes')
      .description('measured against predicted migration costs by night, and whether they drift')
      .option('--days <n>', 'of the last days', '30'),
  ).action(outcomes);
}

function benchedWords(one: CorrectionReport): string {
  const { mode, measure, level, tried, error, errorOfPhysics } = one;
  return (
    `Benched: what ${mode} migrations of its ${level} taught of ${measure} is worse than plain ` +
    `physics on the last ${tried} (mean |ln error| of physics ${errorOfPhysics?.toFixed(2)}, ` +
    `best share of the correction 0, error ${error?.toFixed(2)})`
  );
}

async function outcomes(options: ClientOptions & { readonly days: string }): Promise<void> {
  const client = RestClient.of(options);
  const path = `/v1/outcomes/coverage?days=${encodeURIComponent(options.days)}`;
  const report = await client.json<CoverageReport>(path);
  const rows = report.nights.flatMap(({ date, measures }) =>
    measures.filter(({ judged }) => judged > 0).map((one) => ({ date, ...one })),
  );
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, rows));
  else if (rows.length === 0) {
    const words = `of the last ${options.days} days no migration can be judged: none was reported\n`;
    process.stdout.write(words);
  } else {
    process.stdout.write(alignedTable(COLUMNS, rows));
    for (const one of report.corrections.filter(({ benched }) => benched)) {
      process.stdout.write(`${benchedWords(one)}\n`);
    }
    for (const { direction, reason } of report.drift) {
      process.stdout.write(`Drift, ${direction} than predicted: ${reason}\n`);
    }
  }
}
