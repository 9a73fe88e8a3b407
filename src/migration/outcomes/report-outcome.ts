// An outcome arrives: matched with its claim or window, judged, kept, and its claim ended.
import type { EpochMs } from '../../core';
import { isCopyMode } from '../../kernels';
import type { Claim } from '../claims/claim';
import type { ClaimStore } from '../claims/claim-store';
import type { WindowStore } from '../window-store';
import { parseWindowContent } from '../windows/window-schema';
import { judgeOutcome, outcomeOf, type JudgedWindow, type Judgement } from './judge-outcome';
import type { Outcome, outcomeSchema } from './outcome-schema';
import type { Kept, MigrationConditions, OutcomeStore, PredictedMeasures } from './outcome-store';
import type { z } from 'zod';

/** What is known of a VM when an outcome of it arrives; absent = unknown. */
export type VmFacts = Pick<MigrationConditions, 'vcpus' | 'memoryBytes' | 'host'>;

export interface OutcomePorts {
  readonly outcomes: OutcomeStore;
  readonly claims: ClaimStore;
  readonly windows: WindowStore;
  /** Undefined for a VM that is not known. */
  vmFacts(tenantId: string, vmId: string): Promise<VmFacts | undefined>;
}

export interface OutcomeReceipt extends Judgement {
  readonly id: string;
  readonly kept: Kept;
}

/** Idempotent. Throws OUTCOME_CONFLICT (see the store). */
export async function reportOutcome(
  ports: OutcomePorts,
  tenantId: string,
  said: z.output<typeof outcomeSchema>,
  nowMs: EpochMs,
): Promise<OutcomeReceipt> {
  const outcome = outcomeOf(tenantId, said);
  const claim = await claimOf(ports.claims, tenantId, outcome);
  const window = claim ?? (await publishedWindow(ports.windows, tenantId, outcome));
  const judgement = judgeOutcome(outcome, window, nowMs);
  const predicted = window === undefined ? undefined : predictedOf(window.cost);
  const conditions = await conditionsOf(ports, tenantId, outcome, window);
  const kept = await ports.outcomes.put(tenantId, {
    outcome,
    judgement,
    ...(predicted !== undefined && { predicted }),
    ...(conditions !== undefined && { conditions }),
  });
  await endClaim(ports.claims, tenantId, outcome);
  return { id: outcome.id, kept, ...judgement };
}

function predictedOf({
  totalTimeMs,
  downtimeMs,
  bytesSent,
}: JudgedWindow['cost']): PredictedMeasures {
  return { totalTimeMs, downtimeMs, bytesSent };
}

/** What it was predicted from; undefined where load or mode is unknown. */
async function conditionsOf(
  ports: OutcomePorts,
  tenantId: string,
  outcome: Outcome,
  window: JudgedWindow | undefined,
): Promise<MigrationConditions | undefined> {
  const mode = outcome.mode ?? window?.mode;
  const loadPct = window?.loadPct;
  if (mode === undefined || loadPct === undefined || !isCopyMode(mode)) return undefined;
  const vm = await ports.vmFacts(tenantId, outcome.vmId);
  const { vcpus, memoryBytes, host } = vm ?? {};
  return {
    mode,
    loadPct,
    ...(vcpus !== undefined && { vcpus }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(host !== undefined && { host }),
  };
}

async function claimOf(
  claims: ClaimStore,
  tenantId: string,
  { vmId, windowId, rank, claimToken }: Outcome,
): Promise<Claim | undefined> {
  const found = await claims.ofVm(tenantId, vmId);
  return found.find(
    (claim) =>
      claim.windowId === windowId &&
      claim.rank === rank &&
      (claimToken === undefined
        ? claim.state === 'started' || claim.state === 'ended'
        : claim.token === claimToken),
  );
}

/** A later, surer outcome of the same claim takes the place of `unknown`. */
async function endClaim(claims: ClaimStore, tenantId: string, outcome: Outcome): Promise<void> {
  for (;;) {
    const claim = await claimOf(claims, tenantId, outcome);
    if (claim === undefined || claim.state === 'released') return;
    const surer = claim.outcome === 'unknown' && outcome.status !== 'unknown';
    if (claim.state === 'ended' && !surer) return;
    const ended: Claim = { ...claim, state: 'ended', outcome: outcome.status };
    if (await claims.change(tenantId, claim, ended)) return; // else it was renewed meanwhile
  }
}

async function publishedWindow(
  windows: WindowStore,
  tenantId: string,
  { vmId, windowId, rank }: Outcome,
): Promise<JudgedWindow | undefined> {
  const document = await windows.document(tenantId, vmId);
  if (document === undefined || document.id !== windowId) return undefined;
  const content = parseWindowContent(document.text);
  const window = content.windows.find((one) => one.rank === rank);
  return window && { ...window, loadPct: window.loadPct.mean, mode: window.advice.mode };
}
