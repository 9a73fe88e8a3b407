// The relay of outcomes delivers everything at least once, in order of arrival.
import { MemoryFeedStore, MemoryOutcomeStore } from '../../../src/adapters/embedded';
import {
  FeedSink,
  outcomeEvent,
  outcomeEventSchema,
  relayOutcomes,
  type FeedEvent,
} from '../../../src/migration';
import { recordOf } from './outcome-cases';

class RecordingSink extends FeedSink {
  override readonly name = 'record';
  readonly events: FeedEvent[] = [];
  dieAfterDelivery = false;

  override async deliver(_: string, events: readonly FeedEvent[]): Promise<void> {
    this.events.push(...events);
    if (this.dieAfterDelivery) throw new Error('the sink died');
  }

  override async close(): Promise<void> {}
}

function opened() {
  const outcomes = new MemoryOutcomeStore();
  return { outcomes, ports: { outcomes, feed: new MemoryFeedStore() }, sink: new RecordingSink() };
}

describe('the relay of outcomes', () => {
  it('delivers each once when nothing fails, whatever the batch size', async () => {
    const { outcomes, ports, sink } = opened();
    for (const id of ['c', 'a', 'b']) await outcomes.put('north', recordOf({ id }));
    expect(await relayOutcomes('north', ports, [sink], 2)).toBe(3);
    expect(await relayOutcomes('north', ports, [sink], 2)).toBe(0);
    const ids = sink.events.map(({ text }) => (JSON.parse(text) as { id: string }).id);
    expect(ids).toEqual(['c', 'a', 'b']);
    expect(await relayOutcomes('south', ports, [sink])).toBe(0);
  });

  it('delivers the same bytes under the same id after a death before the mark', async () => {
    const { outcomes, ports, sink } = opened();
    await outcomes.put('north', recordOf());
    sink.dieAfterDelivery = true;
    await expect(relayOutcomes('north', ports, [sink])).rejects.toThrow('the sink died');
    sink.dieAfterDelivery = false;
    await relayOutcomes('north', ports, [sink]);
    expect(sink.events).toHaveLength(2);
    expect(sink.events[0]).toEqual(sink.events[1]);
  });

  it('gives an outcome that was settled an event of its own', async () => {
    const { outcomes, ports, sink } = opened();
    await outcomes.put('north', recordOf({ status: 'unknown' }));
    await relayOutcomes('north', ports, [sink]);
    await outcomes.put('north', recordOf());
    await relayOutcomes('north', ports, [sink]);
    const told = sink.events.map(({ id, text }) => [id, (JSON.parse(text) as { id: string }).id]);
    expect(told.map(([, outcomeId]) => outcomeId)).toEqual(['o-1', 'o-1']);
    expect(told[0][0]).not.toBe(told[1][0]);
  });
});

describe('the event of an outcome', () => {
  it('is as its schema says, and an unknown pause is absent', () => {
    const record = recordOf({ downtimeMs: undefined });
    const judgement = { ...record.judgement, unknown: ['downtimeMs'] as const };
    const { text } = outcomeEvent('north', { ...record, judgement, position: 4 });
    const event = outcomeEventSchema.parse(JSON.parse(text));
    expect(event).toMatchObject({ tenant: 'north', unknown: ['downtimeMs'], learned: true });
    expect(event).not.toHaveProperty('downtimeMs');
  });
});
