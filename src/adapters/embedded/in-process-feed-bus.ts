// A feed sink for listeners of this process (server-sent events): a nudge, not a store.
import { FeedSink } from '../../migration';
import type { FeedEvent } from '../../migration';

export type FeedListener = (entries: readonly FeedEvent[]) => void;

/** Who listens late, or fails, reads the FeedStore from its own position. */
export class InProcessFeedBus extends FeedSink {
  override readonly name = 'in-process';
  private readonly listeners = new Map<string, Set<FeedListener>>();

  /** Returns the end of the subscription. */
  subscribe(tenantId: string, listener: FeedListener): () => void {
    const listeners = this.listeners.get(tenantId) ?? new Set();
    this.listeners.set(tenantId, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  override async deliver(tenantId: string, entries: readonly FeedEvent[]): Promise<void> {
    for (const listener of this.listeners.get(tenantId) ?? []) listener(entries);
  }

  override async close(): Promise<void> {
    this.listeners.clear();
  }
}
