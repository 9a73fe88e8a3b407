// What every ClaimStore promises; stores know the tenants 'north' and 'south'.
import type { ClaimStore } from '../../src/migration';
import { CLAIM } from '../migration/outcomes/outcome-cases';

export function claimStoreConformance(name: string, open: () => Promise<ClaimStore>): void {
  describe(`${name} as a ClaimStore`, () => {
    it('gives one of many who claim at the same moment the token', async () => {
      const store = await open();
      const added = await Promise.all(
        Array.from({ length: 8 }, (_, at) =>
          store.add('north', { ...CLAIM, executor: `e-${at}` }, undefined),
        ),
      );
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await store.ofVm('north', 'v')).toHaveLength(1);
    });

    it('lists the claims of a VM, the newest token first', async () => {
      const store = await open();
      await store.add('north', CLAIM, undefined);
      await store.add('north', { ...CLAIM, token: 2 }, CLAIM);
      await store.add('north', { ...CLAIM, vmId: 'w' }, undefined);
      expect((await store.ofVm('north', 'v')).map(({ token }) => token)).toEqual([2, 1]);
      expect(await store.ofVm('south', 'v')).toEqual([]);
    });

    it('refuses a claim that read the one before it in an older state', async () => {
      const store = await open();
      await store.add('north', CLAIM, undefined);
      const started = { ...CLAIM, state: 'started' } as const;
      expect(await store.change('north', CLAIM, started)).toBe(true);
      expect(await store.add('north', { ...CLAIM, token: 2 }, CLAIM)).toBe(false);
      expect(await store.ofVm('north', 'v')).toEqual([started]);
    });

    it('changes what is as it was read, and nothing else', async () => {
      const store = await open();
      await store.add('north', CLAIM, undefined);
      const longer = { ...CLAIM, leaseUntilMs: CLAIM.leaseUntilMs + 1 };
      expect(await store.change('north', CLAIM, longer)).toBe(true);
      expect(await store.change('north', CLAIM, { ...CLAIM, state: 'released' })).toBe(false);
      expect(await store.change('south', longer, { ...longer, state: 'released' })).toBe(false);
      expect(await store.ofVm('north', 'v')).toEqual([longer]);
    });

    it('never starts a claim after a newer one was given', async () => {
      const store = await open();
      await store.add('north', CLAIM, undefined);
      await store.add('north', { ...CLAIM, token: 2 }, CLAIM);
      expect(await store.change('north', CLAIM, { ...CLAIM, state: 'started' })).toBe(false);
      expect(await store.change('north', CLAIM, { ...CLAIM, state: 'released' })).toBe(true);
    });
  });
}
