// `slackwater demo`: the whole system in one process on a generated fleet, from nothing to windows.
import type { Command } from 'commander';
import { readConfig } from '../../config';
import { DomainError, formatInstant, type EpochMs } from '../../core';
import { System } from '../composition/system';
import {
  demoMigrations,
  GUEST_SIZE,
  guestVms,
  refuseWithoutQemu,
  type DemoMigration,
} from '../demo/demo-migrations';
import { demoNight, type DemoResult, type DemoSettings } from '../demo/demo-night';
import { stopOnSignals } from '../run-process';
import { alignedTable, type Column } from '../table';
import { countOf, instantOf } from './parse-options';

interface DemoOptions {
  readonly once?: boolean;
  readonly migrate?: boolean;
  readonly output: string;
  readonly vms: number;
  readonly days: number;
  readonly seed: number;
  readonly end?: EpochMs;
}

const BEST_PRINTED = 8;
const HISTORY_DAYS_MIN = 3; // two days are needed, and one to judge by

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('start everything on a generated fleet and print the best windows of the night')
    .option('--once', 'print and exit instead of leaving the page open')
    .option('--migrate', 'migrate two real QEMU guests: in a good window, and at a bad moment')
    .option('--vms <count>', 'size of the fleet', countOf(1, 100_000), 500)
    .option('--days <count>', 'days of one-minute history', countOf(HISTORY_DAYS_MIN, 60), 28)
    .option('--seed <number>', 'of the fleet', countOf(0, 2 ** 31), 1)
    .option('--end <instant>', 'end of the samples; default the last full hour', instantOf)
    .option('-o, --output <format>', 'table or json', 'table')
    .action(demo);
}

async function demo(options: DemoOptions): Promise<void> {
  const began = performance.now();
  if (options.migrate === true) refuseWithoutQemu();
  // The demo's night starts when it is asked for, and its log is the terminal.
  const config = readConfig(process.env, {
    NIGHT_AT: 'off',
    LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
  });
  const system = await System.start(config, 'main');
  const started = performance.now();
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= system.stop());
  stopOnSignals(stop);
  try {
    const { vms, days, seed, end: endMs } = options;
    const settings: DemoSettings = { vms, days, seed, endMs };
    const vmNumbers = options.migrate === true ? guestsOf(settings) : undefined;
    const guests = vmNumbers && { vmNumbers, size: GUEST_SIZE };
    const result = await demoNight(system, { ...settings, guests });
    const startSeconds = (started - began) / 1_000;
    const total = (performance.now() - began) / 1_000;
    const migrations = vmNumbers && (await demoMigrations(system, vmNumbers));
    if (options.output === 'json') printJson(result, startSeconds, total, migrations);
    else {
      printTable(result, total);
      if (migrations !== undefined) printMigrations(migrations);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  if (options.once === true) {
    await stop();
    return;
  }
  process.stderr.write(
    `\nThe page: ${system.url}/#token=${system.operatorToken}\nCtrl-C ends it; the data stays in ${config.DATA_DIR}.\n`,
  );
}

/** Two of the fleet; it needs as many VMs. */
function guestsOf({ vms, seed, endMs }: DemoSettings): readonly [number, number] {
  if (vms < 2) throw new DomainError('REQUEST_INVALID', '--migrate needs --vms 2 or more');
  return guestVms({ seed, vmCount: vms }, endMs ?? Date.now());
}

function printJson(
  result: DemoResult,
  start: number,
  total: number,
  migrations?: readonly DemoMigration[],
): void {
  const { samples, summary, report, seconds } = result;
  const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
  process.stdout.write(
    `${JSON.stringify({
      vms: summary.vms,
      samples,
      windows: summary.windows,
      seconds: { start: rounded(start), ...seconds, total: rounded(total) },
      meanLoadPct: report.meanLoadPct,
      migrations,
    })}\n`,
  );
}

function printTable(result: DemoResult, total: number): void {
  const { run, summary, report, samples } = result;
  const out = (line: string): void => void process.stdout.write(`${line}\n`);
  out(
    `\nTonight, ${run.runDate}: ${summary.windows} windows for ${summary.vmsWithWindows} of ${summary.vms} VMs, from ${samples} samples, in ${total.toFixed(1)} s.\n`,
  );
  out('VM          start                 load then   all day   pause P95');
  for (const best of report.best.slice(0, BEST_PRINTED)) {
    const load = `${best.loadPct.toFixed(1)} %`.padStart(9);
    const day = `${best.dayLoadPct.toFixed(1)} %`.padStart(9);
    const pause = `${Math.round(best.downtimeMsP95)} ms`.padStart(11);
    out(`${best.vmId.padEnd(11)} ${formatInstant(best.notBeforeMs)} ${load} ${day} ${pause}`);
  }
  const load = report.meanLoadPct;
  if (load === undefined) return;
  out(`\nMean load expected while migrating (${report.comparedVms} VMs):`);
  for (const [label, value] of [
    ['now', load.now],
    ['a random hour', load.random],
    ['fixed 02:00', load['02:00']],
  ] as const) {
    const quieter = value > 0 ? Math.round(100 * (1 - load.chosen / value)) : 0;
    out(
      `  ${label.padEnd(16)} ${value.toFixed(2).padStart(6)} %   the chosen windows are ${quieter} % quieter`,
    );
  }
  out(`  ${'chosen windows'.padEnd(16)} ${load.chosen.toFixed(2).padStart(6)} %`);
}

const MEASURES: readonly Column<DemoMigration>[] = [
  { head: 'VM', cell: ({ vmId }) => vmId },
  { head: 'moment', cell: ({ moment, atMs }) => `${moment} ${formatInstant(atMs).slice(11, 16)}` },
  { head: 'load', cell: ({ loadPct }) => `${loadPct.toFixed(0)} %`, right: true },
  measured('time, s', 'totalTimeMs', 1_000, 1),
  measured('pause, ms', 'downtimeMs', 1, 0),
  measured('sent, MB', 'bytesSent', 1_000_000, 0),
];

/** "1.3 (1.2, P95 2.1)": measured, and predicted. */
function measured(
  head: string,
  measure: 'totalTimeMs' | 'downtimeMs' | 'bytesSent',
  unit: number,
  digits: number,
): Column<DemoMigration> {
  const text = (value?: number): string =>
    value === undefined ? 'unknown' : (value / unit).toFixed(digits);
  const cell = ({ outcome, predicted }: DemoMigration): string => {
    const { p50, p95 } = predicted[measure];
    return `${text(outcome[measure])} (${text(p50)}, P95 ${text(p95)})`;
  };
  return { head, cell, right: true };
}

function printMigrations(migrations: readonly DemoMigration[]): void {
  process.stdout.write(
    '\nTwo real migrations (QEMU, emulated guests of 256 MiB that write 100 MB/s at full load), measured (predicted):\n\n',
  );
  process.stdout.write(alignedTable(MEASURES, migrations));
  for (const { vmId, outcome } of migrations) {
    if (outcome.status === 'completed') continue;
    process.stdout.write(`${vmId}: ${outcome.status}: ${outcome.detail ?? outcome.cause ?? ''}\n`);
  }
}
