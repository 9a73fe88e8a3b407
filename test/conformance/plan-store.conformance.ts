// What every PlanStore promises; stores know the tenants 'north' and 'south'.
import type { MoveGroup, PlanStore } from '../../src/migration';

const APART: MoveGroup = { kind: 'apart', vmIds: ['a', 'b'] };

export function planStoreConformance(name: string, open: () => Promise<PlanStore>): void {
  describe(`${name} as a PlanStore`, () => {
    it('keeps records by kind and id, the last one wins', async () => {
      const store = await open();
      await store.put('north', 'group', [{ id: 'g', record: APART }]);
      await store.put('north', 'host', [{ id: 'g', record: { cores: 4 } }]);
      const order: MoveGroup = { kind: 'order', vmIds: ['b', 'a'] };
      await store.put('north', 'group', [
        { id: 'g', record: APART },
        { id: 'g', record: order },
      ]);
      expect(await store.find('north', 'group', 'g')).toEqual(order);
      expect(await store.find('north', 'host', 'g')).toEqual({ cores: 4 });
      expect(await store.find('north', 'trait', 'g')).toBeUndefined();
    });

    it('lists by id, all or those that are named', async () => {
      const store = await open();
      const hosts = ['h-2', 'H-1', 'h-10'].map((id, cores) => ({
        id,
        record: { cores: cores + 1 },
      }));
      await store.put('north', 'host', hosts);
      expect((await store.list('north', 'host')).map(({ id }) => id)).toEqual([
        'H-1',
        'h-10',
        'h-2',
      ]);
      expect(await store.list('north', 'host', ['h-2', 'none'])).toEqual([hosts[0]]);
      expect(await store.list('north', 'host', [])).toEqual([]);
      await store.put('north', 'host', []);
    });

    it('removes once', async () => {
      const store = await open();
      await store.put('north', 'group', [{ id: 'g', record: APART }]);
      expect(await store.remove('north', 'group', 'g')).toBe(true);
      expect(await store.remove('north', 'group', 'g')).toBe(false);
      expect(await store.find('north', 'group', 'g')).toBeUndefined();
    });

    it('keeps tenants apart', async () => {
      const store = await open();
      await store.put('north', 'group', [{ id: 'g', record: APART }]);
      expect(await store.find('south', 'group', 'g')).toBeUndefined();
      expect(await store.list('south', 'group')).toEqual([]);
      expect(await store.remove('south', 'group', 'g')).toBe(false);
      expect(await store.find('north', 'group', 'g')).toEqual(APART);
    });
  });
}
