// `slackwater migration-cost`: physics, the pure pre-copy recursion on one case, and the runs.
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import { canonicalJson, DomainError } from '../../core';
import { simulatePreCopy } from '../../migration';
import type { PreCopyCase, PreCopyOutcome } from '../../migration';
import { registerMigrationCostRuns } from './migration-cost-runs';

const amount = z.number().min(0);
const rate = z.number().positive();

/** What CASE.json may say; null is the same as absent. */
const caseSchema = z.strictObject({
  usedMemoryBytes: amount,
  bandwidthBytesPerSec: rate,
  linkBytesPerSec: rate.nullish().describe('default: the bandwidth'),
  dirtyRateBytesPerSec: amount.nullish().describe('default: 0; unused with dirtyCurve'),
  writableWorkingSetBytes: amount.nullish().describe('default: usedMemoryBytes'),
  downtimeLimitMs: amount,
  fixedDowntimeMs: amount.nullish().describe('default: 0'),
  maxRounds: z.int().min(1).nullish().describe('default: no limit'),
  timeLimitMs: amount.nullish().describe('default: no limit'),
  strategy: z.enum(['precopy', 'autoconverge']).nullish().describe('default: precopy'),
  dirtyCurve: z
    .array(z.tuple([rate, amount]))
    .nullish()
    .refine(
      (curve) => (curve ?? []).every((point, i, all) => i === 0 || point[0] > all[i - 1][0]),
      {
        error: 'windows have to ascend',
      },
    ),
});

/** Reads one case. Throws INPUT_UNREADABLE or REQUEST_INVALID naming file and field. */
export async function readPreCopyCase(path: string): Promise<PreCopyCase> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DomainError('INPUT_UNREADABLE', `cannot read '${path}'`, { path }, { cause });
  });
  const parsed = caseSchema.safeParse(jsonOf(text, path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => {
      const place = issue.path.join('.');
      return place === '' ? issue.message : `${place}: ${issue.message}`;
    });
    throw new DomainError('REQUEST_INVALID', `'${path}': ${faults.join('; ')}`, { path });
  }
  const given = parsed.data;
  return {
    usedMemoryBytes: given.usedMemoryBytes,
    bandwidthBytesPerSec: given.bandwidthBytesPerSec,
    linkBytesPerSec: given.linkBytesPerSec ?? given.bandwidthBytesPerSec,
    dirtyRateBytesPerSec: given.dirtyRateBytesPerSec ?? 0,
    writableWorkingSetBytes: given.writableWorkingSetBytes ?? given.usedMemoryBytes,
    downtimeLimitMs: given.downtimeLimitMs,
    fixedDowntimeMs: given.fixedDowntimeMs ?? 0,
    maxRounds: given.maxRounds ?? undefined,
    timeLimitMs: given.timeLimitMs ?? undefined,
    strategy: given.strategy ?? 'precopy',
    dirtyCurve: given.dirtyCurve ?? undefined,
  };
}

function jsonOf(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const message = `'${path}' is not JSON: ${cause.message}`;
    throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
  }
}

function tableOf(outcome: PreCopyOutcome): string {
  const rows: readonly (readonly [string, string | number | boolean])[] = [
    ['rounds', outcome.rounds],
    ['total time, ms', outcome.totalTimeMs.toFixed(1)],
    ['pause, ms', outcome.downtimeMs.toFixed(1)],
    ['bytes sent', Math.round(outcome.bytesSent)],
    ['converges', outcome.converges],
  ];
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}`).join('\n');
}

export function registerMigrationCost(program: Command): void {
  const command = program
    .command('migration-cost')
    .description('what a live migration costs: time, pause, and bytes');
  command
    .command('physics')
    .description('the pure pre-copy recursion on one case')
    .requiredOption('--case <file>', 'CASE.json: sizes in bytes, rates in bytes per second')
    .option('-o, --output <format>', 'table or json', 'table')
    .action(async (options: { readonly case: string; readonly output: string }) => {
      if (options.output !== 'table' && options.output !== 'json') {
        const message = `output is '${options.output}'; table or json is accepted`;
        throw new DomainError('REQUEST_INVALID', message, { field: 'output' });
      }
      const outcome = simulatePreCopy(await readPreCopyCase(options.case));
      const text = options.output === 'json' ? canonicalJson({ ...outcome }) : tableOf(outcome);
      process.stdout.write(`${text}\n`);
    });
  registerMigrationCostRuns(command);
}
