// Claim, renew, start, and release a window; only one executor ever starts it.
import { DomainError, formatInstant, type EpochMs } from '../../core';
import type { WindowStore } from '../window-store';
import { refuseClaim, refuseLost, type Claim } from './claim';
import type { ClaimStore } from './claim-store';
import { currentContent, refuseExpired, windowOf } from './current-window';

export interface ClaimPorts {
  readonly claims: ClaimStore;
  readonly windows: WindowStore;
}

export interface ClaimRequest {
  readonly windowId: string;
  readonly vmId: string;
  readonly rank: number;
  readonly executor: string;
  readonly leaseMs: number;
}

export interface ClaimReference {
  readonly windowId: string;
  readonly vmId: string;
  readonly token: number;
}

/** How often another executor may be faster before this gives up. */
const ATTEMPTS = 5;

/**
 * Throws WINDOW_UNKNOWN, WINDOW_SUPERSEDED (by a higher revision), WINDOW_EXPIRED, WINDOW_STARTED,
 * CLAIM_HELD.
 */
export async function claimWindow(
  { claims, windows }: ClaimPorts,
  tenantId: string,
  asked: ClaimRequest,
  nowMs: EpochMs,
): Promise<Claim> {
  const { windowId, vmId, rank, executor, leaseMs } = asked;
  const content = await currentContent(windows, tenantId, vmId, windowId);
  const window = windowOf(content, rank);
  refuseExpired(content, window, nowMs);
  for (let attempt = 1; ; attempt += 1) {
    const earlier = await claims.ofVm(tenantId, vmId);
    const claim: Claim = {
      vmId,
      token: (earlier[0]?.token ?? 0) + 1,
      windowId,
      rank,
      executor,
      state: 'held',
      leaseUntilMs: nowMs + leaseMs,
      cutoffMs: content.cutoffMs,
      notBeforeMs: window.notBeforeMs,
      latestStartMs: window.latestStartMs,
      notAfterMs: window.notAfterMs,
      cost: window.cost,
      loadPct: window.loadPct.mean,
      mode: window.advice.mode,
    };
    refuseClaim(earlier, claim, nowMs);
    if (await claims.add(tenantId, claim, earlier.at(0))) return claim;
    if (attempt === ATTEMPTS) throw new DomainError('CLAIM_HELD', `VM '${vmId}' is being claimed`);
  }
}

/** A longer lease; of a started one too. Throws CLAIM_LOST. */
export async function renewClaim(
  { claims }: ClaimPorts,
  tenantId: string,
  reference: ClaimReference,
  leaseMs: number,
  nowMs: EpochMs,
): Promise<Claim> {
  const claim = await heldClaim(claims, tenantId, reference, nowMs);
  const leaseUntilMs = Math.max(claim.leaseUntilMs, nowMs + leaseMs);
  return changed(claims, tenantId, claim, { ...claim, leaseUntilMs });
}

/**
 * The last step before the hypervisor is asked: from here on nobody else starts this window.
 * Throws CLAIM_LOST, WINDOW_SUPERSEDED, WINDOW_EXPIRED (too early or too late too).
 */
export async function startClaim(
  { claims, windows }: ClaimPorts,
  tenantId: string,
  reference: ClaimReference,
  nowMs: EpochMs,
): Promise<Claim> {
  const claim = await heldClaim(claims, tenantId, reference, nowMs);
  if (claim.state === 'started') {
    const message = `claim ${claim.token} of VM '${claim.vmId}' was started before`;
    throw new DomainError('WINDOW_STARTED', message, { token: claim.token });
  }
  const content = await currentContent(windows, tenantId, claim.vmId, claim.windowId);
  const window = windowOf(content, claim.rank);
  refuseExpired(content, window, nowMs);
  if (nowMs < window.notBeforeMs) {
    const opens = formatInstant(window.notBeforeMs);
    throw new DomainError('WINDOW_EXPIRED', `window ${claim.rank} opens only at ${opens}`);
  }
  return changed(claims, tenantId, claim, { ...claim, state: 'started' });
}

/** Gives a window back that was not started; twice is once. Throws CLAIM_LOST, WINDOW_STARTED. */
export async function releaseClaim(
  { claims }: ClaimPorts,
  tenantId: string,
  reference: ClaimReference,
): Promise<Claim> {
  const earlier = await claims.ofVm(tenantId, reference.vmId);
  const claim = earlier.find(({ token }) => token === reference.token);
  if (claim?.state === 'released') return claim;
  if (claim?.state === 'started' || claim?.state === 'ended') {
    const message = `claim ${claim.token} of VM '${claim.vmId}' was started: report its outcome`;
    throw new DomainError('WINDOW_STARTED', message, { token: claim.token });
  }
  refuseLost(claim, earlier[0]?.token ?? 0, reference.token, 0);
  return changed(claims, tenantId, claim, { ...claim, state: 'released' });
}

async function heldClaim(
  claims: ClaimStore,
  tenantId: string,
  { vmId, token, windowId }: ClaimReference,
  nowMs: EpochMs,
): Promise<Claim> {
  const earlier = await claims.ofVm(tenantId, vmId);
  const claim = earlier.find((one) => one.token === token && one.windowId === windowId);
  refuseLost(claim, earlier[0]?.token ?? 0, token, nowMs);
  return claim;
}

async function changed(
  claims: ClaimStore,
  tenantId: string,
  from: Claim,
  to: Claim,
): Promise<Claim> {
  if (await claims.change(tenantId, from, to)) return to;
  const message = `claim ${from.token} of VM '${from.vmId}' changed meanwhile; ask again`;
  throw new DomainError('CLAIM_LOST', message, { token: from.token });
}
