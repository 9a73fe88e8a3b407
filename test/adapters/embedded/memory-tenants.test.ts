import { MemoryTenants } from '../../../src/adapters/embedded/memory-tenants';
import { tenantCatalogConformance } from '../../conformance/tenant-catalog.conformance';

tenantCatalogConformance('memory', async () => ({
  catalog: new MemoryTenants(),
  close: async () => undefined,
}));
