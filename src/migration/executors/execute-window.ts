// One window from claim to outcome. The journal is durable before the hypervisor is asked; what
// cannot be told afterwards is `unknown`, and nothing is ever started twice.
import { DomainError, type Clock, type Json } from '../../core';
import type { Claim } from '../claims';
import { CLOCK_SKEW_MS_MAX, type OutcomeInput, type OutcomeReceipt } from '../outcomes';
import type { RankedWindow, WindowContent } from '../windows/window-schema';
import type { Journal, OpenMigration } from './journal';
import type {
  MigrationExecutor,
  MigrationOrder,
  MigrationReport,
  Sight,
} from './migration-executor';
import type { WindowService } from './window-service';

export interface ExecutePorts {
  readonly service: WindowService;
  readonly executor: MigrationExecutor;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly sleep: (ms: number) => Promise<void>;
  /** Called at each step; a test kills the process there. */
  readonly at?: (step: ExecuteStep) => void;
}

export type ExecuteStep =
  'claimed' | 'prepared' | 'written' | 'allowed' | 'asked' | 'ended' | 'reported';

export interface ExecuteSettings {
  readonly name: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly downtimeLimitMs: number;
  readonly bandwidthBytesPerSec?: number;
}

/** After a cancel the hypervisor has so long to say that it ended. */
const CANCEL_MS_MAX = 30_000;
/** So many looks in vain (the hypervisor does not answer) make it `unknown`. */
const LOOKS_IN_VAIN_MAX = 50;
/** From here on pre-copy that ran into its limit is said not to converge. */
const ROUNDS_OF_TRYING = 3;

export function orderOf(
  content: WindowContent,
  window: RankedWindow,
  token: number,
  settings: ExecuteSettings,
): MigrationOrder {
  const { mode } = window.advice;
  if (mode === 'do-not-migrate') {
    throw new DomainError('EXECUTOR_REFUSED', `VM '${content.vmId}': ${window.advice.cause}`);
  }
  return {
    vmId: content.vmId,
    windowId: content.id,
    rank: window.rank,
    token,
    mode,
    downtimeLimitMs: settings.downtimeLimitMs,
    bandwidthBytesPerSec: settings.bandwidthBytesPerSec,
    notAfterMs: window.notAfterMs,
  };
}

/** Throws what the service or `prepare` refuses; from the call on it always ends in an outcome. */
export async function executeWindow(
  ports: ExecutePorts,
  settings: ExecuteSettings,
  content: WindowContent,
  window: RankedWindow,
): Promise<OutcomeReceipt> {
  const { service, executor, journal, clock, at = () => undefined } = ports;
  const named = { vmId: content.vmId, rank: window.rank };
  const { decision, reason } = await service.check(content.id, named);
  if (decision !== 'confirmed') {
    throw new DomainError('WINDOW_SUPERSEDED', `VM '${content.vmId}': ${decision}: ${reason}`);
  }
  const claim = await service.claim(content.id, { ...named, leaseMs: settings.leaseMs });
  at('claimed');
  let entry: OpenMigration;
  try {
    refuseSkew(claim.serverMs, clock.nowMs());
    const order = orderOf(content, window, claim.token, settings);
    const { evidence } = await executor.prepare(order);
    at('prepared');
    entry = { order, evidence, startedAtMs: clock.nowMs() };
    await journal.open(entry);
  } catch (error) {
    await service.release(claim);
    throw error;
  }
  at('written');
  try {
    await service.start(claim);
  } catch (error) {
    // Refused: surely not started. Anything else may have reached the service: the outcome tells.
    if (error instanceof DomainError && !error.retry) {
      await journal.close(claim.vmId, claim.token);
      throw error;
    }
    return finish(ports, settings, entry, notCalled(String(error)));
  }
  at('allowed');
  const report = await migrate(ports, settings, claim, entry);
  at('ended');
  return finish(ports, settings, entry, report);
}

/** After a start of the process: what became of each migration that the journal holds open. */
export async function recoverMigrations(
  ports: ExecutePorts,
  settings: ExecuteSettings,
): Promise<readonly OutcomeReceipt[]> {
  const receipts: OutcomeReceipt[] = [];
  for (const entry of ports.journal.unfinished()) {
    if (entry.outcome !== undefined) {
      receipts.push(await deliver(ports, entry, entry.outcome));
      continue;
    }
    const report = await watch(ports, settings, entry);
    receipts.push(await finish(ports, settings, entry, report));
  }
  return receipts;
}

async function migrate(
  ports: ExecutePorts,
  settings: ExecuteSettings,
  claim: Claim,
  entry: OpenMigration,
): Promise<MigrationReport> {
  try {
    await ports.executor.start(entry.order);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'EXECUTOR_REFUSED') {
      return { status: 'refused', cause: 'hypervisor', detail: error.message };
    }
    // The answer was lost, not the call: looking decides.
  }
  ports.at?.('asked');
  return watch(ports, settings, entry, claim);
}

/** Looks until it has ended; cancels at the end of the window; renews the claim meanwhile. */
async function watch(
  { executor, clock, sleep, service }: ExecutePorts,
  settings: ExecuteSettings,
  { order, evidence }: OpenMigration,
  claim?: Claim,
): Promise<MigrationReport> {
  let renewMs = clock.monotonicMs() + settings.leaseMs / 3;
  let cancelledMs: number | undefined;
  let rounds = 0;
  for (let inVain = 0; ;) {
    const sight = await lookAt(executor, order, evidence);
    if (sight.state === 'ended') return explained(sight.report, cancelledMs !== undefined, rounds);
    if (sight.state === 'none') return notCalled(sight.detail);
    if (sight.state === 'unknown') {
      inVain += 1;
      if (inVain >= LOOKS_IN_VAIN_MAX) return { status: 'unknown', detail: sight.detail };
    } else {
      inVain = 0;
      if (sight.state === 'running') rounds = sight.rounds ?? rounds;
    }
    const nowMs = clock.monotonicMs();
    if (cancelledMs === undefined && clock.nowMs() >= order.notAfterMs) {
      cancelledMs = nowMs;
      await executor.cancel(order).catch(() => undefined); // the next look says whether it helped
    }
    if (cancelledMs !== undefined && nowMs - cancelledMs > CANCEL_MS_MAX) {
      return { status: 'unknown', detail: 'it did not end after it was cancelled' };
    }
    if (claim !== undefined && nowMs >= renewMs) {
      renewMs = nowMs + settings.leaseMs / 3;
      // A started claim blocks the window without its lease; the migration goes on.
      await service.renew(claim, settings.leaseMs).catch(() => undefined);
    }
    await sleep(settings.pollMs);
  }
}

async function lookAt(
  executor: MigrationExecutor,
  order: MigrationOrder,
  evidence: Json,
): Promise<Sight> {
  try {
    return await executor.look(order, evidence);
  } catch (error) {
    return { state: 'unknown', detail: error instanceof Error ? error.message : String(error) };
  }
}

function explained(report: MigrationReport, cancelled: boolean, rounds: number): MigrationReport {
  if (!cancelled || report.status === 'completed') return report;
  const cause = (report.rounds ?? rounds) >= ROUNDS_OF_TRYING ? 'no-convergence' : 'timeout';
  return { ...report, cause, detail: report.detail ?? 'cancelled at the end of its window' };
}

function notCalled(detail: string): MigrationReport {
  return { status: 'refused', cause: 'unknown', detail: `it was not started: ${detail}` };
}

async function finish(
  ports: ExecutePorts,
  { name }: ExecuteSettings,
  entry: OpenMigration,
  report: MigrationReport,
): Promise<OutcomeReceipt> {
  const { vmId, windowId, rank, token, mode } = entry.order;
  const outcome: OutcomeInput = {
    vmId,
    windowId,
    rank,
    claimToken: token,
    mode,
    executor: name,
    kind: ports.executor.kind,
    startedAtMs: entry.startedAtMs,
    endedAtMs: Math.max(entry.startedAtMs, ports.clock.nowMs()),
    ...report,
  };
  await ports.journal.open({ ...entry, outcome });
  return deliver(ports, entry, outcome);
}

/** It stays in the journal until the service has it; an outcome twice is one outcome. */
async function deliver(
  { service, journal, at = () => undefined }: ExecutePorts,
  { order }: OpenMigration,
  outcome: OutcomeInput,
): Promise<OutcomeReceipt> {
  const receipt = await service.report(outcome);
  at('reported');
  await journal.close(order.vmId, order.token);
  return receipt;
}

function refuseSkew(serverMs: number, nowMs: number): void {
  const skewMs = nowMs - serverMs;
  if (Math.abs(skewMs) <= CLOCK_SKEW_MS_MAX) return;
  const message = `the clock here is ${Math.round(skewMs / 1_000)} s off the service's; at most ${CLOCK_SKEW_MS_MAX / 1_000} s are accepted`;
  throw new DomainError('EXECUTOR_REFUSED', message, { skewMs });
}
