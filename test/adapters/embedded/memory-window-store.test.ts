// The memory twins of windows and feed keep the promises of their ports.
import {
  InProcessFeedBus,
  MemoryFeedStore,
  MemoryWindowStore,
} from '../../../src/adapters/embedded';
import { documentBatch } from '../../../src/migration';
import { feedStoreConformance } from '../../conformance/feed-store.conformance';
import { documentOf, windowStoreConformance } from '../../conformance/window-store.conformance';

let runCount = 0;

async function open() {
  const feed = new MemoryFeedStore();
  return {
    feed,
    windows: new MemoryWindowStore(feed),
    newRun: async () => `run-${(runCount += 1)}`,
    close: async () => undefined,
  };
}

windowStoreConformance('MemoryWindowStore', open);
feedStoreConformance('MemoryFeedStore', open);

describe('the in-process feed bus', () => {
  it('tells the listeners of that tenant until they end their subscription', async () => {
    const bus = new InProcessFeedBus();
    const heard: string[] = [];
    const end = bus.subscribe('north', (entries) => heard.push(...entries.map((e) => e.id)));
    await bus.deliver('north', [{ position: 1, ...documentOf('a', 1) }]);
    await bus.deliver('south', [{ position: 1, ...documentOf('b', 1) }]);
    end();
    await bus.deliver('north', [{ position: 2, ...documentOf('c', 1) }]);
    expect(heard).toEqual(['a-1']);
  });

  it('publishes nothing when the run cannot be marked published', async () => {
    const feed = new MemoryFeedStore();
    const windows = new MemoryWindowStore(feed, () => {
      throw new RangeError('no such run');
    });
    await windows.stage('r', 0, documentBatch([documentOf('a', 1)]));
    await expect(windows.publish('north', 'r', {}, 0)).rejects.toThrow('no such run');
    expect(await windows.document('north', 'a')).toBeUndefined();
    expect(await feed.advance('north', 10)).toBe(0);
  });
});
