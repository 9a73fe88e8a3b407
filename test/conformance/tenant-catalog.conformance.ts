// What every TenantCatalog promises.
import type { TenantCatalog } from '../../src/predict';

export function tenantCatalogConformance(
  name: string,
  open: () => Promise<{ readonly catalog: TenantCatalog; readonly close: () => Promise<void> }>,
): void {
  describe(`${name} as a TenantCatalog`, () => {
    let catalog: TenantCatalog;
    let close: () => Promise<void>;
    beforeAll(async () => ({ catalog, close } = await open()));
    afterAll(async () => close?.());

    it('finds what was ensured, with its last time zone, in the order of the names', async () => {
      await catalog.ensure({ tenantId: 'north', timeZone: 'Europe/Oslo' });
      await catalog.ensure({ tenantId: 'Alpha', timeZone: 'UTC' });
      await catalog.ensure({ tenantId: 'north', timeZone: 'Europe/Helsinki' });
      expect(await catalog.find('north')).toEqual({
        tenantId: 'north',
        timeZone: 'Europe/Helsinki',
      });
      expect(await catalog.find('south')).toBeUndefined();
      expect((await catalog.list()).map((tenant) => tenant.tenantId)).toEqual(['Alpha', 'north']);
    });

    it('refuses a name or a time zone that is none', async () => {
      const unnamed = catalog.ensure({ tenantId: 'a b', timeZone: 'UTC' });
      await expect(unnamed).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
      const nowhere = catalog.ensure({ tenantId: 'west', timeZone: 'Mars/Olympus' });
      await expect(nowhere).rejects.toThrow('timeZone "Mars/Olympus" of tenant \'west\'');
      expect(await catalog.find('west')).toBeUndefined();
    });
  });
}
