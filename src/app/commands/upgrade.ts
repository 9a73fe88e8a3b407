// `slackwater upgrade CLUSTER --by INSTANT`: a rolling upgrade, planned by a running service.
import { InvalidArgumentError, type Command } from 'commander';
import { formatInstant } from '../../core';
import type { HostUpgrade, UpgradePlan } from '../../migration';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf } from './parse-options';
import {
  BLOCKED,
  BLOCKERS,
  lengthOf,
  limitsOf,
  PARALLEL_MAX,
  withLengths,
  type MoveOptions,
} from './plan-options';
import { withService } from './service-options';

interface UpgradeOptions extends MoveOptions {
  readonly capacityFloor?: number;
  readonly hostTime?: number;
  readonly host?: readonly string[];
}

const HOSTS: readonly Column<HostUpgrade>[] = [
  { head: 'host', cell: ({ host }) => host },
  { head: 'status', cell: ({ status }) => status },
  { head: 'out', cell: (one) => (one.status === 'planned' ? formatInstant(one.outAtMs) : '') },
  { head: 'empty', cell: (one) => (one.status === 'planned' ? formatInstant(one.emptyAtMs) : '') },
  { head: 'back', cell: (one) => (one.status === 'planned' ? formatInstant(one.backAtMs) : '') },
  {
    head: 'moves',
    cell: (one) => (one.status === 'planned' ? String(one.moves.length) : ''),
    right: true,
  },
  {
    head: 'harm_vcpu_s',
    cell: (one) => (one.status === 'planned' ? one.harm.expected.toFixed(2) : ''),
    right: true,
  },
  {
    head: 'in_time_prob',
    cell: (one) => (one.status === 'planned' ? one.inTimeProb.toFixed(2) : ''),
    right: true,
  },
  { head: 'why_not', cell: (one) => (one.status === 'blocked' ? one.reason : '') },
];

export function registerUpgrade(program: Command): void {
  withService(
    withLengths(
      program
        .command('upgrade <cluster>')
        .description('empties and upgrades host after host by a date; exit code 3 when some cannot')
        .requiredOption('--by <instant>', 'the date: ISO 8601, without a zone in the tenant’s')
        .option('--capacity-floor <share>', 'of the cores in service at any time; .75', shareOf)
        .option('--host-time <length>', 'what an empty host takes, as 30m (the default)', lengthOf),
    )
      .option('--parallel <count>', 'most at once from a host; 2', countOf(1, PARALLEL_MAX))
      .option('--post-copy', 'allow post-copy')
      .option('--host <name...>', 'these hosts alone'),
  ).action(upgrade);
}

async function upgrade(cluster: string, options: UpgradeOptions): Promise<void> {
  const plan = await RestClient.of(options).json<UpgradePlan>(
    `/v1/clusters/${encodeURIComponent(cluster)}/upgrade-plans`,
    'POST',
    {
      ...limitsOf(options),
      capacityFloor: options.capacityFloor,
      hostMs: options.hostTime,
      hosts: options.host,
    },
  );
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(plan)}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(HOSTS, plan.hosts));
  else process.stdout.write(told(plan));
  if (plan.status !== 'complete') process.exitCode = BLOCKED;
}

function told(plan: UpgradePlan): string {
  const { cluster, hosts, byMs, leastCapacity, capacityFloor, moveCount, movedAgain, harm } = plan;
  const done = hosts.filter(({ status }) => status === 'planned').length;
  const lines = [
    `Cluster ${cluster}, by ${formatInstant(byMs)}: ${done} of ${hosts.length} hosts upgraded`,
    '',
    alignedTable(HOSTS, hosts),
  ];
  const blockers = hosts.flatMap((one) => (one.status === 'blocked' ? one.blockers : []));
  if (blockers.length > 0) lines.push('In the way:', alignedTable(BLOCKERS, blockers));
  lines.push(
    `${moveCount} moves, ${movedAgain} of them of a VM that was moved before; expected harm ${harm} busy vCPU-seconds.`,
    `At least ${(leastCapacity * 100).toFixed(1)} % of the cores are in service (floor ${(capacityFloor * 100).toFixed(1)} %).`,
    `Plan ${plan.planId}`,
  );
  return `${lines.join('\n')}\n`;
}

function shareOf(text: string): number {
  const share = Number(text);
  if (text.trim() !== '' && share >= 0 && share <= 1) return share;
  throw new InvalidArgumentError(`'${text}' is not accepted; 0 to 1 is.`);
}
