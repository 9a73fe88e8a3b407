// Which window of a VM may be started now.
import type { EpochMs } from '../../core';
import type { RankedWindow, WindowContent } from '../windows/window-schema';

/** The best ranked window that is open, or the reason why there is none. */
export function openWindow(
  content: WindowContent,
  nowMs: EpochMs,
): { readonly window: RankedWindow } | { readonly why: string } {
  if (nowMs >= content.expiresMs) return { why: 'the windows have expired' };
  if (content.windows.length === 0) return { why: content.reason ?? 'there is no window' };
  const open = content.windows
    .filter(({ notBeforeMs, latestStartMs }) => notBeforeMs <= nowMs && nowMs < latestStartMs)
    .toSorted((a, b) => a.rank - b.rank)
    .at(0);
  if (open === undefined) {
    const next = content.windows
      .map(({ notBeforeMs }) => notBeforeMs)
      .filter((opensMs) => opensMs > nowMs)
      .toSorted((a, b) => a - b)
      .at(0);
    const why =
      next === undefined ? 'all windows have passed' : `opens ${new Date(next).toISOString()}`;
    return { why };
  }
  if (open.advice.mode === 'do-not-migrate')
    return { why: `advised against: ${open.advice.cause}` };
  return { window: open };
}
