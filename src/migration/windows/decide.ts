// What an operator decided, applied to what the night chose: exclude, pin, or leave it alone.
import type { EpochMs } from '../../core';
import type { VmPolicy } from '../window-store';
import type { DayFigures, RankedWindow, WindowContent } from './window-schema';

/** What the night chose for a VM. */
export interface NightChoice {
  readonly windows: readonly RankedWindow[];
  readonly reason?: string;
  readonly day?: DayFigures;
  readonly cutoffMs: EpochMs;
  readonly expiresMs: EpochMs;
}

export type Decided = Pick<
  WindowContent,
  'policy' | 'windows' | 'reason' | 'withheld' | 'expiresMs'
>;

/**
 * The windows that are published. A pin that lies before the cutoff has passed and counts as
 * 'auto'. What the night chose stays in `withheld`, so that going back to 'auto' can re-issue it.
 */
export function decide(policy: VmPolicy, night: NightChoice): Decided {
  const { reason, expiresMs } = night;
  const windows = [...night.windows];
  const withheld = { windows, reason };
  if (policy.state === 'excluded') {
    const words = `excluded by an operator: ${policy.reason}`;
    return { policy: 'excluded', windows: [], reason: words, withheld, expiresMs };
  }
  if (policy.state === 'auto' || policy.notBeforeMs < night.cutoffMs) {
    return { policy: 'auto', windows, reason, expiresMs };
  }
  if (night.day === undefined) {
    const words = `pinned by an operator (${policy.reason}), but ${reason ?? 'there is no forecast'}`;
    return { policy: 'pinned', windows: [], reason: words, withheld, expiresMs };
  }
  const pinned = pinnedWindow(policy.notBeforeMs, policy.reason, night.day);
  const until = Math.max(expiresMs, pinned.notAfterMs);
  return { policy: 'pinned', windows: [pinned], withheld, expiresMs: until };
}

/** One window at the operator's instant, with the figures of the whole day. */
function pinnedWindow(notBeforeMs: EpochMs, reason: string, day: DayFigures): RankedWindow {
  const notAfterMs = notBeforeMs + day.windowLengthMs;
  return {
    rank: 1,
    notBeforeMs,
    latestStartMs: notAfterMs - day.cost.totalTimeMs.p95,
    notAfterMs,
    loadPct: day.loadPct,
    baselineLoadPct: day.loadPct.mean,
    cost: day.cost,
    score: day.loadPct.mean,
    confidence: 0.5,
    reasons: [
      `pinned by an operator: ${reason}`,
      'load and cost are those of the whole day, not of this moment',
    ],
    advice: day.advice,
  };
}
