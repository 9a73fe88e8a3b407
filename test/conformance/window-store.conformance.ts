// What every WindowStore promises, with the FeedStore that shares its outbox.
import { documentBatch } from '../../src/migration';
import type { FeedStore, WindowDocument, WindowStore } from '../../src/migration';

export interface WindowStoreLab {
  readonly windows: WindowStore;
  readonly feed: FeedStore;
  /** Creates a run that can be published, on a runDate of its own; returns its id. */
  readonly newRun: (tenantId: string) => Promise<string>;
  readonly close: () => Promise<void>;
}

const NOW_MS = 1_700_000_000_000;

export function documentOf(vmId: string, revision: number, note = ''): WindowDocument {
  const id = `${vmId}-${revision}${note}`;
  return { vmId, revision, id, text: `{"b":${revision},"a":"${note}"}` };
}

async function feedIds(feed: FeedStore, tenantId: string): Promise<readonly string[]> {
  while ((await feed.advance(tenantId, 100)) > 0);
  return (await feed.read(tenantId, 0, 1000)).map((entry) => entry.id);
}

/** `open` gives empty stores that know the tenants 'north' and 'south'. */
export function windowStoreConformance(name: string, open: () => Promise<WindowStoreLab>): void {
  describe(`${name} as a WindowStore`, () => {
    let lab: WindowStoreLab;
    beforeEach(async () => {
      lab = await open();
    });
    afterEach(async () => lab?.close());

    it('has revision 0, policy auto, and no document for a VM it never saw', async () => {
      expect([...(await lab.windows.revisions('north', ['x', 'y']))]).toEqual([0, 0]);
      expect(await lab.windows.policies('north', ['x'])).toEqual([{ state: 'auto' }]);
      expect(await lab.windows.document('north', 'x')).toBeUndefined();
    });

    it('shows nothing of a run before it is published', async () => {
      const run = await lab.newRun('north');
      await lab.windows.stage(run, 0, documentBatch([documentOf('a', 1)]));
      expect(await lab.windows.document('north', 'a')).toBeUndefined();
      expect([...(await lab.windows.revisions('north', ['a']))]).toEqual([0]);
      expect(await feedIds(lab.feed, 'north')).toEqual([]);
    });

    it('publishes all shards at once, byte for byte, with an outbox row for each', async () => {
      const run = await lab.newRun('north');
      await lab.windows.stage(run, 1, documentBatch([documentOf('b', 1), documentOf('B', 1)]));
      await lab.windows.stage(run, 0, documentBatch([documentOf('c', 1), documentOf('a', 1)]));
      await lab.windows.publish('north', run, {}, NOW_MS);
      expect(await lab.windows.document('north', 'a')).toEqual(documentOf('a', 1));
      expect([...(await lab.windows.revisions('north', ['b', 'd', 'a']))]).toEqual([1, 0, 1]);
      // In the order of vmId: the feed is the same whatever the shards were.
      expect(await feedIds(lab.feed, 'north')).toEqual(['B-1', 'a-1', 'b-1', 'c-1']);
    });

    it('keeps what a night chose, also after later nights and decisions, for its own tenant', async () => {
      const first = await lab.newRun('north');
      await lab.windows.stage(first, 0, documentBatch([documentOf('b', 1), documentOf('a', 1)]));
      expect(await lab.windows.nightDocuments('north', first, ['a'])).toEqual([]);
      await lab.windows.publish('north', first, {}, NOW_MS);
      await lab.windows.replace('north', documentOf('a', 2, 'pinned'));
      const second = await lab.newRun('north');
      await lab.windows.stage(second, 0, documentBatch([documentOf('a', 3)]));
      await lab.windows.publish('north', second, {}, NOW_MS);
      const asked = ['b', 'none', 'a'];
      expect(await lab.windows.nightDocuments('north', first, asked)).toEqual([
        documentOf('a', 1),
        documentOf('b', 1),
      ]);
      expect(await lab.windows.nightDocuments('north', second, asked)).toEqual([
        documentOf('a', 3),
      ]);
      expect(await lab.windows.nightDocuments('south', first, asked)).toEqual([]);
    });

    it('changes nothing when the same run is published again', async () => {
      const run = await lab.newRun('north');
      await lab.windows.stage(run, 0, documentBatch([documentOf('a', 1)]));
      await lab.windows.publish('north', run, {}, NOW_MS);
      await lab.windows.publish('north', run, {}, NOW_MS + 1);
      expect(await feedIds(lab.feed, 'north')).toEqual(['a-1']);
    });

    it('keeps only what a shard staged last', async () => {
      const run = await lab.newRun('north');
      await lab.windows.stage(run, 0, documentBatch([documentOf('a', 1), documentOf('b', 1)]));
      await lab.windows.stage(run, 0, documentBatch([documentOf('a', 1, '-again')]));
      await lab.windows.publish('north', run, {}, NOW_MS);
      expect(await feedIds(lab.feed, 'north')).toEqual(['a-1-again']);
      expect(await lab.windows.document('north', 'b')).toBeUndefined();
    });

    it('does not let a night overwrite a revision that is as high or higher', async () => {
      const run = await lab.newRun('north');
      await lab.windows.stage(run, 0, documentBatch([documentOf('a', 1), documentOf('b', 1)]));
      await lab.windows.replace('north', documentOf('a', 1, '-pin'));
      await lab.windows.publish('north', run, {}, NOW_MS);
      expect((await lab.windows.document('north', 'a'))?.id).toBe('a-1-pin');
      expect(await feedIds(lab.feed, 'north')).toEqual(['a-1-pin', 'b-1']);
    });

    it('refuses to replace a document by a revision that is not higher', async () => {
      await lab.windows.replace('north', documentOf('a', 2));
      const older = lab.windows.replace('north', documentOf('a', 2, '-other'));
      await expect(older).rejects.toMatchObject({ code: 'RUN_CONFLICT' });
      expect((await lab.windows.document('north', 'a'))?.id).toBe('a-2');
      expect(await feedIds(lab.feed, 'north')).toEqual(['a-2']);
    });

    it('answers policies in the order asked, the last decision of each VM', async () => {
      const pinned = { state: 'pinned', notBeforeMs: NOW_MS, reason: 'change 17' } as const;
      await lab.windows.setPolicy('north', 'a', { state: 'excluded', reason: 'licence' });
      await lab.windows.setPolicy('north', 'b', { state: 'excluded', reason: 'test' });
      await lab.windows.setPolicy('north', 'b', pinned);
      const policies = await lab.windows.policies('north', ['b', 'x', 'a']);
      expect(policies).toEqual([
        pinned,
        { state: 'auto' },
        { state: 'excluded', reason: 'licence' },
      ]);
      await lab.windows.setPolicy('north', 'b', { state: 'auto' });
      expect(await lab.windows.policies('north', ['b'])).toEqual([{ state: 'auto' }]);
    });

    it('keeps tenants apart', async () => {
      await lab.windows.replace('north', documentOf('a', 3));
      await lab.windows.setPolicy('north', 'a', { state: 'excluded', reason: 'licence' });
      expect(await lab.windows.document('south', 'a')).toBeUndefined();
      expect([...(await lab.windows.revisions('south', ['a']))]).toEqual([0]);
      expect(await lab.windows.policies('south', ['a'])).toEqual([{ state: 'auto' }]);
      expect(await feedIds(lab.feed, 'south')).toEqual([]);
    });
  });
}
