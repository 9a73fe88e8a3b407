// An outcome arrives: matched with its claim or window, judged, kept, and its claim ended.
import type { EpochMs } from '../../core';
import type { Claim } from '../claims/claim';
import type { ClaimStore } from '../claims/claim-store';
import type { WindowStore } from '../window-store';
import { parseWindowContent } from '../windows/window-schema';
import { judgeOutcome, outcomeOf, type JudgedWindow, type Judgement } from './judge-outcome';
import type { Outcome, outcomeSchema } from './outcome-schema';
import type { Kept, OutcomeStore, PredictedMeasures } from './outcome-store';
import type { z } from 'zod';

export interface OutcomePorts {
  readonly outcomes: OutcomeStore;
  readonly claims: ClaimStore;
  readonly windows: WindowStore;
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
  const kept = await ports.outcomes.put(tenantId, {
    outcome,
    judgement,
    ...(predicted !== undefined && { predicted }),
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
  return parseWindowContent(document.text).windows.find((window) => window.rank === rank);
}
