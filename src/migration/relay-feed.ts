// The relay: gives outbox rows their positions and carries them to the sinks, at least once.
import type { FeedSink, FeedStore } from './window-store';

/** Entries per round: a batch of Kafka messages, some MB of documents. */
const BATCH_ENTRIES = 1_000;

export interface RelayResult {
  readonly positioned: number;
  /** Entries delivered, over all sinks. */
  readonly delivered: number;
}

/**
 * One pass until everything that was committed is with every sink; nothing while stopped.
 *
 * Only the holder of the relay's lease calls it. A sink's position moves after its delivery, so a
 * crash in between delivers the same entries under the same ids again. A failing sink throws after
 * the sinks before it were served; the next pass goes on from its position.
 */
export async function relayFeed(
  tenantId: string,
  feed: FeedStore,
  sinks: readonly FeedSink[],
  batchEntries: number = BATCH_ENTRIES,
): Promise<RelayResult> {
  let positioned = 0;
  let delivered = 0;
  if (await feed.stopped(tenantId)) return { positioned, delivered };
  for (;;) {
    const moved = await feed.advance(tenantId, batchEntries);
    if (moved === 0) break;
    positioned += moved;
  }
  for (const sink of sinks) delivered += await deliverTo(tenantId, feed, sink, batchEntries);
  return { positioned, delivered };
}

async function deliverTo(
  tenantId: string,
  feed: FeedStore,
  sink: FeedSink,
  batchEntries: number,
): Promise<number> {
  let delivered = 0;
  for (;;) {
    if (await feed.stopped(tenantId)) return delivered;
    const after = await feed.delivered(tenantId, sink.name);
    const entries = await feed.read(tenantId, after, batchEntries);
    if (entries.length === 0) return delivered;
    await sink.deliver(tenantId, entries);
    await feed.markDelivered(tenantId, sink.name, entries[entries.length - 1].position);
    delivered += entries.length;
  }
}
