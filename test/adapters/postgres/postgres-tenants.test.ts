import { PostgresTenants } from '../../../src/adapters/postgres/postgres-tenants';
import { tenantCatalogConformance } from '../../conformance/tenant-catalog.conformance';
import { openDatabaseLab } from './database-lab';

tenantCatalogConformance('PostgreSQL', async () => {
  const lab = await openDatabaseLab([]);
  const catalog = new PostgresTenants(lab.url);
  return {
    catalog,
    close: async () => {
      await catalog.close();
      await lab.close();
    },
  };
});

it('reports a server that is not there as unavailable, each time it is asked', async () => {
  const catalog = new PostgresTenants('postgresql://nobody:x@127.0.0.1:1/none');
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(catalog.list()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retry: true });
  }
  await catalog.close();
});
