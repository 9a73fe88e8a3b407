// The relay of outcomes: what the store kept, in its order, to the sinks, at least once.
import type { FeedSink, FeedStore } from '../window-store';
import { outcomeEvent } from './outcome-event';
import type { OutcomeStore } from './outcome-store';

const BATCH_EVENTS = 1_000; // as the windows' relay

export interface OutcomeRelayPorts {
  readonly outcomes: OutcomeStore;
  /** Keeps how far each sink is, beside the windows' sinks. */
  readonly feed: Pick<FeedStore, 'delivered' | 'markDelivered'>;
}

/**
 * One pass until each sink has everything; returns how many were delivered. The store is the
 * outbox: a position is given in the transaction that keeps the outcome. Only the holder of the
 * relay's lease calls it. A stopped feed withholds windows, not what became of them.
 */
export async function relayOutcomes(
  tenantId: string,
  ports: OutcomeRelayPorts,
  sinks: readonly FeedSink[],
  batchEvents: number = BATCH_EVENTS,
): Promise<number> {
  let delivered = 0;
  for (const sink of sinks) {
    for (;;) {
      const after = await ports.feed.delivered(tenantId, sink.name);
      const stored = await ports.outcomes.list(tenantId, { after, limit: batchEvents });
      if (stored.length === 0) break;
      await sink.deliver(
        tenantId,
        stored.map((one) => outcomeEvent(tenantId, one)),
      );
      await ports.feed.markDelivered(tenantId, sink.name, stored[stored.length - 1].position);
      delivered += stored.length;
    }
  }
  return delivered;
}
