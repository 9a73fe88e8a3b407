// What every OutcomeStore promises; stores know the tenants 'north' and 'south'.
import type { OutcomeStore } from '../../src/migration';
import { recordOf } from '../migration/outcomes/outcome-cases';

export function outcomeStoreConformance(name: string, open: () => Promise<OutcomeStore>): void {
  describe(`${name} as an OutcomeStore`, () => {
    it('keeps an outcome that comes twice once', async () => {
      const store = await open();
      expect(await store.put('north', recordOf())).toBe('new');
      expect(await store.put('north', recordOf())).toBe('again');
      const all = await store.list('north', { after: 0, limit: 10 });
      expect(all).toMatchObject([recordOf()]);
      expect(await store.find('north', 'o-1')).toEqual(all[0]);
      expect(await store.find('north', 'o-2')).toBeUndefined();
    });

    it('keeps it once when it comes many times at the same moment', async () => {
      const store = await open();
      const kept = await Promise.all(
        Array.from({ length: 8 }, () => store.put('north', recordOf())),
      );
      expect(kept.filter((one) => one === 'new')).toHaveLength(1);
    });

    it('lets an unknown one be settled, at a new position, and never makes it unknown again', async () => {
      const store = await open();
      await store.put('north', recordOf({ status: 'unknown' }));
      await store.put('north', recordOf({ id: 'o-2' }));
      const [first] = await store.list('north', { after: 0, limit: 1 });
      expect(await store.put('north', recordOf())).toBe('settled');
      expect(await store.put('north', recordOf({ status: 'unknown' }))).toBe('again');
      const after = await store.list('north', { after: first.position, limit: 10 });
      expect(after.map(({ outcome }) => [outcome.id, outcome.status])).toEqual([
        ['o-2', 'completed'],
        ['o-1', 'completed'],
      ]);
    });

    it('refuses another outcome under the same id, naming both', async () => {
      const store = await open();
      await store.put('north', recordOf());
      await expect(store.put('north', recordOf({ status: 'failed' }))).rejects.toMatchObject({
        code: 'OUTCOME_CONFLICT',
        message: expect.stringContaining("'o-1' of VM 'v' is failed; it was told as completed"),
      });
      await expect(
        store.put('north', recordOf({ vmId: 'other', status: 'unknown' })),
      ).rejects.toMatchObject({ code: 'OUTCOME_CONFLICT' });
    });

    it('lists in the order of arrival, from a position, of one VM', async () => {
      const store = await open();
      for (const id of ['c', 'a', 'b']) {
        await store.put('north', recordOf({ id, vmId: id === 'a' ? 'w' : 'v' }));
      }
      const all = await store.list('north', { after: 0, limit: 2 });
      expect(all.map(({ outcome }) => outcome.id)).toEqual(['c', 'a']);
      const rest = await store.list('north', { after: all[1].position, limit: 9 });
      expect(rest.map(({ outcome }) => outcome.id)).toEqual(['b']);
      const of = await store.list('north', { after: 0, limit: 9, vmId: 'v' });
      expect(of.map(({ outcome }) => outcome.id)).toEqual(['c', 'b']);
    });

    it('keeps tenants apart', async () => {
      const store = await open();
      await store.put('north', recordOf());
      expect(await store.find('south', 'o-1')).toBeUndefined();
      expect(await store.list('south', { after: 0, limit: 9 })).toEqual([]);
      expect(await store.put('south', recordOf({ status: 'failed' }))).toBe('new');
    });
  });
}
