// The window that an executor names: of the newest document, and not yet over.
import { DomainError, formatInstant, type EpochMs } from '../../core';
import type { WindowStore } from '../window-store';
import {
  parseWindowContent,
  type RankedWindow,
  type WindowContent,
} from '../windows/window-schema';

/** Throws WINDOW_UNKNOWN where the VM has none, WINDOW_SUPERSEDED where another one is newer. */
export async function currentContent(
  windows: WindowStore,
  tenantId: string,
  vmId: string,
  windowId: string,
): Promise<WindowContent> {
  const document = await windows.document(tenantId, vmId);
  if (document === undefined) {
    throw new DomainError('WINDOW_UNKNOWN', `VM '${vmId}' has no published windows`, { vmId });
  }
  if (document.id !== windowId) {
    const message = `'${windowId}' is not the newest document of VM '${vmId}': revision ${document.revision} ('${document.id}') is`;
    throw new DomainError('WINDOW_SUPERSEDED', message, { vmId, current: document.id });
  }
  return parseWindowContent(document.text);
}

/** Throws WINDOW_UNKNOWN. */
export function windowOf({ windows, vmId, revision }: WindowContent, rank: number): RankedWindow {
  const window = windows.find((one) => one.rank === rank);
  if (window === undefined) {
    const message = `revision ${revision} of VM '${vmId}' has no window of rank ${rank}; it has ${windows.length}`;
    throw new DomainError('WINDOW_UNKNOWN', message, { vmId, rank });
  }
  return window;
}

/** Throws WINDOW_EXPIRED when it is too late to start. */
export function refuseExpired(content: WindowContent, window: RankedWindow, nowMs: EpochMs): void {
  const endMs = Math.min(window.latestStartMs, content.expiresMs);
  if (nowMs < endMs) return;
  const message = `window ${window.rank} of VM '${content.vmId}' could be started until ${formatInstant(endMs)}; it is ${formatInstant(nowMs)}`;
  throw new DomainError('WINDOW_EXPIRED', message, { vmId: content.vmId, rank: window.rank });
}
