// The relay: gives committed outbox rows their positions and carries them to the sinks.
import { relayFeed, type FeedSink } from '../../migration';
import type { Service } from '../composition/service';

export function relayRole(
  service: Service,
  sinks: readonly FeedSink[],
): (signal: AbortSignal) => Promise<void> {
  return async () => {
    for (const { tenantId } of await service.tenants.list()) {
      const { delivered } = await relayFeed(tenantId, service.feed, sinks);
      if (delivered > 0) service.metrics.feedDelivered.inc(delivered);
    }
  };
}
