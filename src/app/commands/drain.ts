// `slackwater drain HOST --by INSTANT`: a plan that empties a host, from a running service.
import type { Command } from 'commander';
import { formatInstant } from '../../core';
import type { DrainPlan, PlannedMove } from '../../migration';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf } from './parse-options';
import {
  BLOCKED,
  BLOCKERS,
  limitsOf,
  PARALLEL_MAX,
  withLengths,
  type MoveOptions,
} from './plan-options';
import { withService } from './service-options';

interface DrainOptions extends MoveOptions {
  readonly incoming?: number;
  readonly target?: readonly string[];
}

const MOVES: readonly Column<PlannedMove>[] = [
  { head: 'vm', cell: ({ vmId }) => vmId },
  { head: 'target', cell: ({ target }) => target },
  { head: 'start', cell: ({ startMs }) => formatInstant(startMs) },
  { head: 'end', cell: ({ endMs }) => formatInstant(endMs) },
  { head: 'mode', cell: ({ mode }) => mode },
  { head: 'parallel_max', cell: ({ parallelMax }) => String(parallelMax), right: true },
  { head: 'load_pct', cell: ({ loadPct }) => loadPct.toFixed(2), right: true },
  { head: 'downtime_ms_p95', cell: ({ downtimeMs }) => String(downtimeMs.p95), right: true },
  { head: 'total_ms_p50', cell: ({ totalTimeMs }) => String(totalTimeMs.p50), right: true },
  { head: 'total_ms_p95', cell: ({ totalTimeMs }) => String(totalTimeMs.p95), right: true },
  { head: 'harm_vcpu_s', cell: ({ harm }) => harm.toFixed(2), right: true },
];

export function registerDrain(program: Command): void {
  withService(
    withLengths(
      program
        .command('drain <host>')
        .description('a plan that empties a host by a deadline; exit code 3 when VMs stay')
        .requiredOption('--by <instant>', 'the deadline: ISO 8601, without a zone in the tenant’s'),
    )
      .option('--parallel <count>', 'most at once; 2 unless said', countOf(1, PARALLEL_MAX))
      .option('--incoming <count>', 'most that a target receives at once', countOf(1, PARALLEL_MAX))
      .option('--post-copy', 'allow post-copy')
      .option('--target <host...>', 'hosts that receive; default the cluster’s'),
  ).action(drain);
}

async function drain(host: string, options: DrainOptions): Promise<void> {
  const plan = await RestClient.of(options).json<DrainPlan>(
    `/v1/hosts/${encodeURIComponent(host)}/drain-plans`,
    'POST',
    {
      ...limitsOf(options),
      incomingMax: options.incoming,
      targets: options.target,
    },
  );
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(plan)}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(MOVES, plan.moves));
  else process.stdout.write(told(plan));
  if (plan.blockers.length > 0) {
    process.exitCode = BLOCKED;
    if (options.output === 'csv') process.stderr.write(csvTable(BLOCKERS, plan.blockers));
  }
}

function told(plan: DrainPlan): string {
  const { host, status, moves, blockers, byMs, harm, emptyAtMs, emptyAtMsP95, notes } = plan;
  const lines = [`Host ${host}, to be empty by ${formatInstant(byMs)}: ${HEADLINE[status]}`, ''];
  if (moves.length > 0) lines.push(alignedTable(MOVES, moves));
  if (blockers.length > 0) {
    lines.push(`${blockers.length} stay:`, alignedTable(BLOCKERS, blockers));
  }
  if (emptyAtMs !== undefined && emptyAtMsP95 !== undefined) {
    const odds = `in time in ${(plan.inTimeProb * 100).toFixed(0)} % of draws`;
    const late = `P95 ${formatInstant(emptyAtMsP95)}`;
    lines.push(`Last move ends ${formatInstant(emptyAtMs)}; ${late}; ${odds}.`);
    const { expected, bound, gapPct } = harm;
    lines.push(
      `Expected harm ${expected} busy vCPU-seconds; no plan of these moves has less than ${bound}: gap ${gapPct} %.`,
    );
  }
  lines.push(...notes.map((note) => `Note: ${note}.`), `Plan ${plan.planId}`);
  return `${lines.join('\n')}\n`;
}

const HEADLINE: Readonly<Record<DrainPlan['status'], string>> = {
  complete: 'every VM is gone in time',
  partial: 'some VMs stay',
  blocked: 'no VM can go',
  empty: 'there is no VM on it',
};
