// What every FeedStore promises about positions, sinks, and the stop switch.
import type { FeedStore, WindowStore } from '../../src/migration';
import { documentOf } from './window-store.conformance';

export interface FeedStoreLab {
  /** Fills the outbox. */
  readonly windows: WindowStore;
  readonly feed: FeedStore;
  readonly close: () => Promise<void>;
}

/** `open` gives empty stores that know the tenants 'north' and 'south'. */
export function feedStoreConformance(name: string, open: () => Promise<FeedStoreLab>): void {
  describe(`${name} as a FeedStore`, () => {
    let lab: FeedStoreLab;
    beforeEach(async () => {
      lab = await open();
    });
    afterEach(async () => lab?.close());

    it('shows an entry only after it has a position', async () => {
      await lab.windows.replace('north', documentOf('a', 1));
      expect(await lab.feed.read('north', 0, 10)).toEqual([]);
      expect(await lab.feed.advance('north', 10)).toBe(1);
      expect(await lab.feed.read('north', 0, 10)).toEqual([{ position: 1, ...documentOf('a', 1) }]);
    });

    it('gives positions 1, 2, 3 without holes, in commit order, however they are batched', async () => {
      for (const vmId of ['c', 'a', 'b']) await lab.windows.replace('north', documentOf(vmId, 1));
      expect(await lab.feed.advance('north', 2)).toBe(2);
      await lab.windows.replace('north', documentOf('a', 2));
      expect(await lab.feed.advance('north', 2)).toBe(2);
      expect(await lab.feed.advance('north', 2)).toBe(0);
      const entries = await lab.feed.read('north', 0, 10);
      expect(entries.map((entry) => entry.position)).toEqual([1, 2, 3, 4]);
      expect(entries.map((entry) => entry.id)).toEqual(['c-1', 'a-1', 'b-1', 'a-2']);
    });

    it('reads on after a position, at most as many as asked', async () => {
      for (const vmId of ['a', 'b', 'c']) await lab.windows.replace('north', documentOf(vmId, 1));
      await lab.feed.advance('north', 10);
      const page = await lab.feed.read('north', 1, 1);
      expect(page.map((entry) => entry.id)).toEqual(['b-1']);
      expect(await lab.feed.read('north', 3, 10)).toEqual([]);
    });

    it('remembers how far each sink is, and never goes back', async () => {
      expect(await lab.feed.delivered('north', 'kafka')).toBe(0);
      await lab.feed.markDelivered('north', 'kafka', 5);
      await lab.feed.markDelivered('north', 'kafka', 3);
      expect(await lab.feed.delivered('north', 'kafka')).toBe(5);
      expect(await lab.feed.delivered('north', 'other')).toBe(0);
    });

    it('gives no position while stopped and loses nothing by it', async () => {
      await lab.feed.setStopped('north', true);
      await lab.windows.replace('north', documentOf('a', 1));
      expect(await lab.feed.stopped('north')).toBe(true);
      expect(await lab.feed.advance('north', 10)).toBe(0);
      await lab.feed.setStopped('north', false);
      expect(await lab.feed.stopped('north')).toBe(false);
      expect(await lab.feed.advance('north', 10)).toBe(1);
    });

    it('keeps tenants apart: positions, sinks, and the stop switch', async () => {
      await lab.windows.replace('north', documentOf('a', 1));
      await lab.windows.replace('south', documentOf('b', 1));
      await lab.feed.setStopped('south', true);
      await lab.feed.markDelivered('south', 'kafka', 7);
      expect(await lab.feed.advance('north', 10)).toBe(1);
      expect((await lab.feed.read('north', 0, 10)).map((entry) => entry.id)).toEqual(['a-1']);
      expect(await lab.feed.read('south', 0, 10)).toEqual([]);
      expect(await lab.feed.delivered('north', 'kafka')).toBe(0);
      expect(await lab.feed.stopped('north')).toBe(false);
    });
  });
}
