// The last look before a migration: a window is confirmed, moved, or cancelled on fresh samples.
import {
  DomainError,
  FIVE_MINUTES_MS,
  formatInstant,
  MINUTE_MS,
  roundTo,
  type EpochMs,
} from '../../core';
import type { WindowStore } from '../window-store';
import { windowDocumentOf } from '../windows/window-document';
import type { RankedWindow, WindowContent } from '../windows/window-schema';
import { currentContent, refuseExpired, windowOf } from './current-window';

export interface CheckRequest {
  readonly windowId: string;
  readonly vmId: string;
  readonly rank: number;
}

/** Five-minute means of the VM up to about now, cpuPct; NaN where missing. */
export interface FreshSeries {
  readonly startMs: EpochMs;
  readonly values: ArrayLike<number>;
}

export interface WindowCheck {
  readonly decision: 'confirmed' | 'moved' | 'cancelled';
  /** false where there was nothing fresh to look at, or nothing to decide. */
  readonly checked: boolean;
  readonly reason: string;
  readonly freshLoadPct?: number;
  /** Of the document that holds now. */
  readonly windowId: string;
  readonly revision: number;
  /** Where it was moved to. */
  readonly notBeforeMs?: EpochMs;
}

/** Earlier a load says little about the window: the first hour's errors grow by the minute. */
const AHEAD_MS = 15 * MINUTE_MS;
/** Older samples are not fresh: they say no more than the forecast did. */
const FRESH_MS = 30 * MINUTE_MS;
/** Means that count: 15 min, so that one spike moves nothing. */
const MEANS = 3;
const MEANS_MIN = 2;
/**
 * Points above the forecast's P95 from which the only window left is cancelled: those below were
 * as busy as the day's mean, not busier (docs/decisions/0016).
 */
const CANCEL_ABOVE_PCT = 5;

/**
 * Moves or cancels by a higher revision in the feed; confirms without one. Throws WINDOW_UNKNOWN,
 * WINDOW_SUPERSEDED (also when it was moved before), WINDOW_EXPIRED (too late, or too early).
 */
export async function checkWindow(
  windows: WindowStore,
  tenantId: string,
  { windowId, vmId, rank }: CheckRequest,
  series: FreshSeries,
  nowMs: EpochMs,
): Promise<WindowCheck> {
  const content = await currentContent(windows, tenantId, vmId, windowId);
  const window = windowOf(content, rank);
  refuseExpired(content, window, nowMs);
  refuseEarly(window, nowMs);
  const rest = content.windows.filter(
    (one) => one.rank !== rank && one.latestStartMs > nowMs && one.advice.mode !== 'do-not-migrate',
  );
  const judged = judge(content, window, rest, freshLoad(series, nowMs));
  if (judged.decision === 'confirmed') return { ...judged, windowId, revision: content.revision };
  const document = withoutWindow(content, rest, judged.reason);
  try {
    await windows.replace(tenantId, document);
  } catch (error) {
    // Another revision was faster: its reader is told so by its name.
    await currentContent(windows, tenantId, vmId, windowId);
    throw error;
  }
  const { id, revision } = document;
  return { ...judged, windowId: id, revision, notBeforeMs: rest.at(0)?.notBeforeMs };
}

type Judged = Omit<WindowCheck, 'windowId' | 'revision'>;

function judge(
  { policy }: WindowContent,
  window: RankedWindow,
  rest: readonly RankedWindow[],
  fresh: number | undefined,
): Judged {
  if (policy === 'pinned') {
    const reason = 'an operator pinned it';
    return { decision: 'confirmed', checked: false, reason, freshLoadPct: fresh };
  }
  if (fresh === undefined) {
    const reason = `there are fewer than ${MEANS_MIN} five-minute means of the last ${FRESH_MS / MINUTE_MS} min`;
    return { decision: 'confirmed', checked: false, reason };
  }
  const { p95 } = window.loadPct;
  const usual = window.baselineLoadPct;
  const seen = `the load of the last 15 min is ${fresh.toFixed(1)} %`;
  const told = (decision: Judged['decision'], reason: string): Judged => ({
    decision,
    checked: true,
    reason,
    freshLoadPct: fresh,
  });
  if (fresh <= p95) {
    return told('confirmed', `${seen}, within the forecast (P95 ${p95.toFixed(1)} %)`);
  }
  if (fresh <= usual) {
    return told('confirmed', `${seen}, no more than the day's mean of ${usual.toFixed(1)} %`);
  }
  const busy = `${seen}, above the forecast (P95 ${p95.toFixed(1)} %) and the day's mean (${usual.toFixed(1)} %)`;
  if (rest.length === 0) {
    const decision = fresh > p95 + CANCEL_ABOVE_PCT ? 'cancelled' : 'confirmed';
    return told(decision, `${busy}; there is no other window`);
  }
  const better = rest[0].loadPct.mean;
  if (better < fresh) return told('moved', busy);
  return told('confirmed', `${busy}, but the next window promises ${better.toFixed(1)} %`);
}

/** Mean of the newest means that have ended; undefined with fewer than two within FRESH_MS. */
function freshLoad({ startMs, values }: FreshSeries, nowMs: EpochMs): number | undefined {
  const found: number[] = [];
  for (let at = values.length - 1; at >= 0 && found.length < MEANS; at -= 1) {
    const endMs = startMs + (at + 1) * FIVE_MINUTES_MS;
    if (endMs > nowMs || Number.isNaN(values[at])) continue;
    if (endMs <= nowMs - FRESH_MS) break;
    found.push(values[at]);
  }
  if (found.length < MEANS_MIN) return undefined;
  return roundTo(found.reduce((sum, one) => sum + one, 0) / found.length, 2);
}

function withoutWindow(content: WindowContent, rest: readonly RankedWindow[], reason: string) {
  const { tenant, runDate, vmId, cutoffMs, expiresMs, models, policy, day } = content;
  const windows = rest.map((window, at) => ({
    ...window,
    rank: at + 1,
    reasons: [...window.reasons, `an earlier choice was given up: ${reason}`],
  }));
  return windowDocumentOf({
    tenant,
    runDate,
    vmId,
    revision: content.revision + 1,
    cutoffMs,
    expiresMs,
    models,
    policy,
    windows,
    ...(windows.length === 0 && { reason: `cancelled: ${reason}` }),
    day,
  });
}

function refuseEarly({ rank, notBeforeMs }: RankedWindow, nowMs: EpochMs): void {
  const fromMs = notBeforeMs - AHEAD_MS;
  if (nowMs >= fromMs) return;
  const message = `window ${rank} opens only at ${formatInstant(notBeforeMs)}; it can be checked from ${formatInstant(fromMs)} on`;
  throw new DomainError('WINDOW_EXPIRED', message, { rank });
}
