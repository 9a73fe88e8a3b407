// The relay delivers everything at least once, in order, and nothing while stopped.
import { MemoryFeedStore, MemoryWindowStore } from '../../src/adapters/embedded';
import { FeedSink, kafkaEvent, relayFeed, serverSentEvent } from '../../src/migration';
import type { FeedEntry, FeedEvent } from '../../src/migration';
import { documentOf } from '../conformance/window-store.conformance';

/** Dies as told: before it took a batch, or after. */
class RecordingSink extends FeedSink {
  override readonly name = 'record';
  readonly ids: string[] = [];
  dieAfterDelivery = false;

  override async deliver(_: string, entries: readonly FeedEvent[]): Promise<void> {
    this.ids.push(...entries.map((entry) => entry.id));
    if (this.dieAfterDelivery) throw new Error('the sink died');
  }

  override async close(): Promise<void> {}
}

async function outboxOf(vmIds: readonly string[]) {
  const feed = new MemoryFeedStore();
  const windows = new MemoryWindowStore(feed);
  for (const vmId of vmIds) await windows.replace('north', documentOf(vmId, 1));
  return { feed, windows };
}

describe('the relay', () => {
  it('delivers everything once when nothing fails, whatever the batch size', async () => {
    const { feed } = await outboxOf(['a', 'b', 'c']);
    const sink = new RecordingSink();
    expect(await relayFeed('north', feed, [sink], 2)).toEqual({ positioned: 3, delivered: 3 });
    expect(await relayFeed('north', feed, [sink], 2)).toEqual({ positioned: 0, delivered: 0 });
    expect(sink.ids).toEqual(['a-1', 'b-1', 'c-1']);
  });

  it('delivers again under the same id after a death between delivery and mark', async () => {
    const { feed } = await outboxOf(['a', 'b']);
    const sink = new RecordingSink();
    sink.dieAfterDelivery = true;
    await expect(relayFeed('north', feed, [sink])).rejects.toThrow('the sink died');
    sink.dieAfterDelivery = false;
    await relayFeed('north', feed, [sink]);
    expect(sink.ids).toEqual(['a-1', 'b-1', 'a-1', 'b-1']);
  });

  it('delivers nothing while the feed is stopped, and all of it afterwards', async () => {
    const { feed } = await outboxOf(['a']);
    const sink = new RecordingSink();
    await feed.setStopped('north', true);
    await relayFeed('north', feed, [sink]);
    expect(sink.ids).toEqual([]);
    await feed.setStopped('north', false);
    await relayFeed('north', feed, [sink]);
    expect(sink.ids).toEqual(['a-1']);
  });
});

describe('a feed entry', () => {
  const entry: FeedEntry = { position: 7, id: 'e', vmId: 'vm/1', revision: 3, text: '{"a":1}' };

  it('is a CloudEvent in binary mode with the bare document as its value', () => {
    const event = kafkaEvent('north', entry);
    expect([event.key, event.value]).toEqual(['north/vm/1', entry.text]);
    expect(event.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: 'e',
      ce_source: '/slackwater/tenants/north',
      ce_type: 'lm.windows.v1',
      ce_subject: 'vm/1',
    });
  });

  it('is a server-sent event that can be resumed after its position', () => {
    expect(serverSentEvent(entry)).toBe('id: 7\nevent: lm.windows.v1\ndata: {"a":1}\n\n');
  });
});
