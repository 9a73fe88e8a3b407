// An operator's decision outside the night: kept for the next one, and in force at once.
import { DomainError } from '../core';
import type { EpochMs } from '../core';
import type { VmPolicy, WindowDocument, WindowStore } from './window-store';
import { decide } from './windows/decide';
import { windowDocumentOf } from './windows/window-document';
import { parseWindowContent } from './windows/window-schema';

/** How often a night or another operator may get in between before this gives up. */
const ATTEMPTS = 5;

export interface PolicyChange {
  readonly tenantId: string;
  readonly vmId: string;
  readonly policy: VmPolicy;
  readonly nowMs: EpochMs;
}

/**
 * Stores the decision and issues a new revision of the VM's document; undefined where nothing was
 * published for it yet. Excluded: no windows, with the reason. Pinned: that one window. Auto: what
 * the night chose, unless it has expired. Throws REQUEST_INVALID for a pin in the past.
 */
export async function changePolicy(
  store: WindowStore,
  change: PolicyChange,
): Promise<WindowDocument | undefined> {
  const { tenantId, vmId, policy, nowMs } = change;
  if (policy.state === 'pinned' && policy.notBeforeMs < nowMs) {
    throw new DomainError(
      'REQUEST_INVALID',
      `notBeforeMs of VM '${vmId}' is ${policy.notBeforeMs}; ${nowMs} or later is accepted`,
      { field: 'notBeforeMs' },
    );
  }
  await store.setPolicy(tenantId, vmId, policy);
  for (let attempt = 1; ; attempt += 1) {
    const current = await store.document(tenantId, vmId);
    if (current === undefined) return undefined;
    const document = revised(current, policy, nowMs);
    try {
      await store.replace(tenantId, document);
      return document;
    } catch (error) {
      const raced = error instanceof DomainError && error.code === 'RUN_CONFLICT';
      if (!raced || attempt === ATTEMPTS) throw error;
    }
  }
}

function revised(current: WindowDocument, policy: VmPolicy, nowMs: EpochMs): WindowDocument {
  const content = parseWindowContent(current.text);
  const { tenant, runDate, vmId, cutoffMs, models, day } = content;
  const night = content.withheld ?? { windows: content.windows, reason: content.reason };
  const expired = nowMs >= content.expiresMs;
  const open = night.windows.filter((window) => window.latestStartMs > nowMs);
  const gone = expired || (open.length === 0 && night.windows.length > 0);
  const decided = decide(policy, {
    windows: gone ? [] : open,
    reason: gone
      ? 'the windows of the last night have passed; the next night gives new ones'
      : night.reason,
    day,
    cutoffMs,
    expiresMs: content.expiresMs,
  });
  const revision = current.revision + 1;
  return windowDocumentOf({ tenant, runDate, vmId, revision, cutoffMs, models, day, ...decided });
}
