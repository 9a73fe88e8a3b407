// A claim: one executor's lease of one window, fenced by a token that rises with each claim of a VM.
import { DomainError, formatInstant, type EpochMs } from '../../core';
import type { OutcomeStatus } from '../outcomes/outcome-schema';
import type { RankedWindow } from '../windows/window-schema';

export interface Claim {
  readonly vmId: string;
  /** 1, 2, 3 ... per VM: who comes later has the higher one. */
  readonly token: number;
  /** id of the window document. */
  readonly windowId: string;
  readonly rank: number;
  readonly executor: string;
  /** held -> started -> ended, or held -> released. */
  readonly state: 'held' | 'started' | 'ended' | 'released';
  /** How a started one ended. */
  readonly outcome?: OutcomeStatus;
  readonly leaseUntilMs: EpochMs;
  /** Cutoff of the night that chose the window. */
  readonly cutoffMs: EpochMs;
  readonly notBeforeMs: EpochMs;
  readonly latestStartMs: EpochMs;
  readonly notAfterMs: EpochMs;
  /** As predicted; the outcome is judged by it. */
  readonly cost: RankedWindow['cost'];
  /** Forecast mean load in the window, percent of the allotment; claims before it lack it. */
  readonly loadPct?: number;
  /** What was advised; not what an executor did. */
  readonly mode?: RankedWindow['advice']['mode'];
}

export const LEASE_MS_MIN = 1_000;
export const LEASE_MS_MAX = 600_000;

type Asked = Pick<Claim, 'vmId' | 'windowId' | 'rank' | 'cutoffMs' | 'notBeforeMs' | 'notAfterMs'>;

/**
 * Throws CLAIM_HELD while another claim of the VM is in force, WINDOW_STARTED where a migration was
 * started in a window that overlaps, or where the VM was (or may have been) migrated this night.
 * A window is started once, whatever became of it: revisions give the same span new ids.
 */
export function refuseClaim(earlier: readonly Claim[], asked: Asked, nowMs: EpochMs): void {
  for (const claim of earlier) {
    const { executor, leaseUntilMs, state } = claim;
    const runsOn = state === 'started' && nowMs < claim.notAfterMs;
    if ((state === 'held' || state === 'started') && (nowMs < leaseUntilMs || runsOn)) {
      const untilMs = runsOn ? Math.max(leaseUntilMs, claim.notAfterMs) : leaseUntilMs;
      throw new DomainError(
        'CLAIM_HELD',
        `VM '${asked.vmId}' is claimed by '${executor}' until ${formatInstant(untilMs)}`,
        { vmId: asked.vmId, executor, untilMs },
      );
    }
    if (state !== 'started' && state !== 'ended') continue;
    const overlaps = claim.notBeforeMs < asked.notAfterMs && asked.notBeforeMs < claim.notAfterMs;
    const moved =
      claim.outcome === 'completed' || claim.outcome === 'unknown' || state === 'started';
    if (!overlaps && !(moved && claim.cutoffMs === asked.cutoffMs)) continue;
    throw new DomainError(
      'WINDOW_STARTED',
      `a migration of VM '${asked.vmId}' was started by '${executor}' in the window of ${formatInstant(claim.notBeforeMs)}: ${claim.outcome ?? 'its outcome is unknown'}`,
      { vmId: asked.vmId, executor, token: claim.token },
    );
  }
}

/** Throws CLAIM_LOST naming why: fenced, run out, or no longer in a state that allows it. */
export function refuseLost(
  claim: Claim | undefined,
  newestToken: number,
  token: number,
  nowMs: EpochMs,
): asserts claim is Claim {
  if (claim === undefined) throw lost(`claim ${token} is unknown`, token);
  const { vmId, state, leaseUntilMs } = claim;
  if (newestToken > token) throw lost(`claim ${newestToken} of VM '${vmId}' took over`, token);
  if (state === 'ended' || state === 'released') {
    throw lost(`claim ${token} of VM '${vmId}' is ${state}`, token);
  }
  if (state === 'held' && nowMs >= leaseUntilMs) {
    throw lost(`claim ${token} of VM '${vmId}' ran out at ${formatInstant(leaseUntilMs)}`, token);
  }
}

function lost(message: string, token: number): DomainError {
  return new DomainError('CLAIM_LOST', message, { token });
}
