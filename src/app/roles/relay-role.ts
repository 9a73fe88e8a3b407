// The relay: gives committed outbox rows their positions and carries them, and outcomes, to the sinks.
import { relayFeed, relayOutcomes, type FeedSink } from '../../migration';
import type { Service } from '../composition/service';
import { driftWatch } from './drift-watch';

export interface RelaySinks {
  readonly windows: readonly FeedSink[];
  readonly outcomes: readonly FeedSink[];
}

export function relayRole(
  service: Service,
  sinks: RelaySinks,
): (signal: AbortSignal) => Promise<void> {
  const watch = driftWatch(service);
  return async () => {
    for (const { tenantId } of await service.tenants.list()) {
      const windows = await relayFeed(tenantId, service.feed, sinks.windows);
      const outcomes = await relayOutcomes(tenantId, service, sinks.outcomes);
      const delivered = windows.delivered + outcomes;
      if (delivered > 0) service.metrics.feedDelivered.inc(delivered);
    }
    await watch();
  };
}
