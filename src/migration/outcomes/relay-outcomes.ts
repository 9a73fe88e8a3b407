// The relay of outcomes: what the store kept, in its order, to the sinks, at least once.
import { BATCH_ENTRIES, deliverAll } from '../relay-feed';
import type { FeedEvent, FeedSink, FeedStore } from '../window-store';
import { outcomeEvent } from './outcome-event';
import type { OutcomeStore } from './outcome-store';

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
  batchEvents: number = BATCH_ENTRIES,
): Promise<number> {
  const read = async (after: number): Promise<readonly FeedEvent[]> =>
    (await ports.outcomes.list(tenantId, { after, limit: batchEvents })).map((stored) =>
      outcomeEvent(tenantId, stored),
    );
  let delivered = 0;
  for (const sink of sinks) delivered += await deliverAll(tenantId, ports.feed, sink, read);
  return delivered;
}
