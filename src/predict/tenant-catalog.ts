// The operators' fleets that this installation serves.

export interface Tenant {
  readonly tenantId: string;
  /** IANA name; runDate is the local date in it. */
  readonly timeZone: string;
}

/** Twins: memory and PostgreSQL. */
export abstract class TenantCatalog {
  /** Creates the tenant, or gives it this time zone; changes nothing else of it. */
  abstract ensure(tenant: Tenant): Promise<void>;

  abstract find(tenantId: string): Promise<Tenant | undefined>;

  /** By tenantId. */
  abstract list(): Promise<readonly Tenant[]>;
}

const TENANT_ID = /^[A-Za-z0-9._-]{1,100}$/;

/** What is wrong with a tenant, in words; undefined when nothing is. */
export function tenantFault(tenant: Tenant): string | undefined {
  if (!TENANT_ID.test(tenant.tenantId)) {
    const shown = JSON.stringify(tenant.tenantId.slice(0, 60));
    return `tenantId ${shown} is not 1 to 100 of A-Z a-z 0-9 . _ -`;
  }
  try {
    Intl.DateTimeFormat('en', { timeZone: tenant.timeZone });
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const shown = JSON.stringify(tenant.timeZone.slice(0, 60));
    return `timeZone ${shown} of tenant '${tenant.tenantId}' is not an IANA name`;
  }
}
