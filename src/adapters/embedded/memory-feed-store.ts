// The outbox and the feed of one process: positions, sinks, the stop switch.
import { FeedStore } from '../../migration';
import type { FeedEntry, WindowDocument } from '../../migration';

interface TenantFeed {
  /** Committed, without a position yet; in commit order. */
  readonly waiting: WindowDocument[];
  /** entries[i] has position i + 1. */
  readonly entries: FeedEntry[];
  readonly delivered: Map<string, number>;
  stopped: boolean;
}

export class MemoryFeedStore extends FeedStore {
  private readonly feeds = new Map<string, TenantFeed>();

  /** The window store's side: adds committed documents to the outbox, in their order. */
  append(tenantId: string, documents: readonly WindowDocument[]): void {
    const { waiting } = this.feed(tenantId);
    for (const document of documents) waiting.push(document);
  }

  override async advance(tenantId: string, limit: number): Promise<number> {
    const feed = this.feed(tenantId);
    if (feed.stopped) return 0;
    const moved = feed.waiting.splice(0, limit);
    for (const { id, vmId, revision, text } of moved) {
      feed.entries.push({ position: feed.entries.length + 1, id, vmId, revision, text });
    }
    return moved.length;
  }

  override async read(
    tenantId: string,
    after: number,
    limit: number,
  ): Promise<readonly FeedEntry[]> {
    const from = Math.max(0, after);
    return this.feed(tenantId).entries.slice(from, from + limit);
  }

  override async delivered(tenantId: string, sink: string): Promise<number> {
    return this.feed(tenantId).delivered.get(sink) ?? 0;
  }

  override async markDelivered(tenantId: string, sink: string, position: number): Promise<void> {
    const { delivered } = this.feed(tenantId);
    delivered.set(sink, Math.max(position, delivered.get(sink) ?? 0));
  }

  override async setStopped(tenantId: string, stopped: boolean): Promise<void> {
    this.feed(tenantId).stopped = stopped;
  }

  override async stopped(tenantId: string): Promise<boolean> {
    return this.feed(tenantId).stopped;
  }

  private feed(tenantId: string): TenantFeed {
    let feed = this.feeds.get(tenantId);
    if (feed === undefined) {
      feed = { waiting: [], entries: [], delivered: new Map(), stopped: false };
      this.feeds.set(tenantId, feed);
    }
    return feed;
  }
}
