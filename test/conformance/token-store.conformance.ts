// What every TokenStore promises; stores know the tenants 'north' and 'south'.
import type { TokenRecord, TokenStore } from '../../src/core';

const HASH = 'c'.repeat(64);
const TOKEN: TokenRecord = {
  hash: HASH,
  tenantId: 'north',
  label: 'operator',
  scopes: ['read', 'runs:write'],
  createdMs: 5,
};

export function tokenStoreConformance(name: string, open: () => Promise<TokenStore>): void {
  describe(`${name} as a TokenStore`, () => {
    it('finds a token by its hash, whatever the tenant, and none by another', async () => {
      const store = await open();
      await store.add(TOKEN);
      expect(await store.find(HASH)).toEqual(TOKEN);
      expect(await store.find('d'.repeat(64))).toBeUndefined();
    });

    it('keeps the first of two tokens with one hash', async () => {
      const store = await open();
      await store.add(TOKEN);
      await store.add({ ...TOKEN, scopes: ['admin'], label: 'other' });
      expect(await store.find(HASH)).toEqual(TOKEN);
    });

    it('revokes once, for the right tenant only', async () => {
      const store = await open();
      await store.add(TOKEN);
      await store.revoke('south', HASH, 7);
      expect((await store.find(HASH))?.revokedMs).toBeUndefined();
      await store.revoke('north', HASH, 8);
      await store.revoke('north', HASH, 9);
      expect((await store.find(HASH))?.revokedMs).toBe(8);
      expect((await store.list('north')).map((token) => token.hash)).toEqual([HASH]);
      expect(await store.list('south')).toEqual([]);
    });
  });
}
