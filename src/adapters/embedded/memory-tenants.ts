// Tenants of one process.
import { DomainError } from '../../core';
import { TenantCatalog, tenantFault } from '../../predict';
import type { Tenant } from '../../predict';

export class MemoryTenants extends TenantCatalog {
  private readonly tenants = new Map<string, Tenant>();

  override async ensure(tenant: Tenant): Promise<void> {
    const fault = tenantFault(tenant);
    if (fault !== undefined) throw new DomainError('REQUEST_INVALID', fault);
    this.tenants.set(tenant.tenantId, { ...tenant });
  }

  override async find(tenantId: string): Promise<Tenant | undefined> {
    return this.tenants.get(tenantId);
  }

  override async list(): Promise<readonly Tenant[]> {
    return [...this.tenants.values()].toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  }
}
