// The relay: gives outbox rows their positions and carries them to the sinks, at least once.
import type { FeedEvent, FeedSink, FeedStore } from './window-store';

/** Entries per round: a batch of Kafka messages, some MB of documents. */
export const BATCH_ENTRIES = 1_000;

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
  // Stopped in between, it reads nothing more.
  const read = async (after: number): Promise<readonly FeedEvent[]> =>
    (await feed.stopped(tenantId)) ? [] : feed.read(tenantId, after, batchEntries);
  for (const sink of sinks) delivered += await deliverAll(tenantId, feed, sink, read);
  return { positioned, delivered };
}

/**
 * What `read` has after the sink's position, batch by batch, until it has nothing more; returns how
 * many. The position moves after each delivery.
 */
export async function deliverAll(
  tenantId: string,
  positions: Pick<FeedStore, 'delivered' | 'markDelivered'>,
  sink: FeedSink,
  read: (after: number) => Promise<readonly FeedEvent[]>,
): Promise<number> {
  for (let delivered = 0; ;) {
    const events = await read(await positions.delivered(tenantId, sink.name));
    if (events.length === 0) return delivered;
    await sink.deliver(tenantId, events);
    await positions.markDelivered(tenantId, sink.name, events[events.length - 1].position);
    delivered += events.length;
  }
}
