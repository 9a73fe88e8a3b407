// `slackwater execute`: the reference executor: claims open windows, migrates, reports outcomes.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { FileJournal } from '../../adapters/executors';
import { DomainError, SystemClock } from '../../core';
import {
  executeWindow,
  openWindow,
  orderOf,
  recoverMigrations,
  type ExecutePorts,
  type ExecuteSettings,
  type MigrationExecutor,
  type OutcomeReceipt,
} from '../../migration';
import { RestClient } from '../client/rest-client';
import { RestWindowService } from '../client/rest-window-service';
import { EXECUTOR_NAMES, openExecutor, type ExecutorName } from './executor-settings';
import { countOf } from './parse-options';
import { withService, type ClientOptions } from './service-options';

interface ExecuteOptions extends ClientOptions {
  readonly executor: ExecutorName;
  readonly settings: string;
  readonly journal: string;
  readonly name: string;
  readonly vm?: readonly string[];
  readonly dryRun?: boolean;
  readonly shadow?: boolean;
  readonly once?: boolean;
  readonly every: number;
}

const LEASE_MS = 30_000;

export function registerExecute(program: Command): void {
  withService(
    program
      .command('execute')
      .description('migrates VMs in their open windows and reports what it really cost')
      .addOption(
        new Option('--executor <kind>', 'hypervisor').choices(EXECUTOR_NAMES).makeOptionMandatory(),
      )
      .requiredOption('--settings <file>', 'JSON: how each VM is reached, limits')
      .option('--journal <file>', 'what is under way, kept across crashes', 'slackwater.journal')
      .option('--name <name>', 'of this executor, shown to others', `${hostname()}-execute`)
      .option('--vm <id...>', 'only these of the settings')
      .option('--dry-run', 'prints what would be done now, and ends; nothing is claimed')
      .option('--shadow', 'prints what would be done whenever a window opens; nothing is claimed')
      .option('--once', 'ends when every VM was looked at once')
      .option('--every <seconds>', 'pause between looks', countOf(1, 3_600), 15),
  ).action(execute);
}

async function execute(options: ExecuteOptions): Promise<void> {
  const { executor, ...limits } = openExecutor(options.executor, options.settings, options.journal);
  const settings: ExecuteSettings = { name: options.name, leaseMs: LEASE_MS, ...limits };
  const service = new RestWindowService(RestClient.of(options), options.name);
  const watching = options.dryRun === true || options.shadow === true;
  const vmIds = executor.vmIds.filter((vmId) => options.vm?.includes(vmId) ?? true);
  const missing = options.vm?.find((vmId) => !executor.vmIds.includes(vmId));
  if (missing !== undefined) {
    const message = `VM '${missing}' is not in '${options.settings}'`;
    throw new DomainError('REQUEST_INVALID', message);
  }
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const clock = new SystemClock();
  const pause = (ms: number): Promise<void> => sleep(ms);
  try {
    if (watching) {
      await rounds(options, stopping.signal, () => preview(vmIds, service, executor, settings));
      return;
    }
    const journal = await FileJournal.at(options.journal);
    const ports: ExecutePorts = { service, executor, journal, clock, sleep: pause };
    for (const receipt of await recoverMigrations(ports, settings)) tell('recovered', receipt);
    await rounds(options, stopping.signal, () => migrateOpen(vmIds, ports, settings));
    await journal.end();
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await executor.close();
  }
}

async function rounds(
  { once, dryRun, every }: ExecuteOptions,
  signal: AbortSignal,
  round: () => Promise<void>,
): Promise<void> {
  for (;;) {
    await round();
    if (once === true || dryRun === true || signal.aborted) return;
    await sleep(every * 1_000, undefined, { signal }).catch(() => undefined); // told to stop
    if (signal.aborted) return;
  }
}

/** One VM after the other; what is refused is told, and the next one is looked at. */
async function migrateOpen(
  vmIds: readonly string[],
  ports: ExecutePorts,
  settings: ExecuteSettings,
): Promise<void> {
  for (const vmId of vmIds) {
    const content = await ports.service.document(vmId);
    if (content === undefined) continue;
    const open = openWindow(content, ports.clock.nowMs());
    if ('why' in open) continue;
    try {
      const receipt = await executeWindow(ports, settings, content, open.window);
      tell('migrated', { vmId, ...receipt });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      tell('left', { vmId, code: error.code, detail: error.message });
    }
  }
}

async function preview(
  vmIds: readonly string[],
  service: RestWindowService,
  executor: MigrationExecutor,
  settings: ExecuteSettings,
): Promise<void> {
  for (const vmId of vmIds) {
    const content = await service.document(vmId);
    const open = content === undefined ? { why: 'no windows' } : openWindow(content, Date.now());
    if ('why' in open || content === undefined) {
      tell('waits', { vmId, why: 'why' in open ? open.why : '' });
      continue;
    }
    const order = orderOf(content, open.window, 0, settings);
    try {
      const prepared = await executor.prepare(order);
      tell('would migrate', { vmId, rank: order.rank, settings: prepared.settings });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      tell('could not', { vmId, code: error.code, detail: error.message });
    }
  }
}

/** One JSON line each: for logs and for other programs. */
function tell(what: string, about: OutcomeReceipt | object): void {
  process.stdout.write(`${JSON.stringify({ what, ...about })}\n`);
}
