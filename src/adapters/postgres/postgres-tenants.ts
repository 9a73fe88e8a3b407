// Tenants through TypeORM: few rows, read rarely, over all tenants by nature.
import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { DomainError } from '../../core';
import { TenantCatalog, tenantFault } from '../../predict';
import type { Tenant } from '../../predict';
import { TenantEntity } from './entities/tenant-entity';
import { serviceConnection, SYSTEM_ROLE } from './service-connection';
import { translate } from './transaction';

const TIMEOUT_MS = 30_000;

export class PostgresTenants extends TenantCatalog {
  private readonly source: DataSource;
  private opening: Promise<DataSource> | undefined;

  /** `url` as of Database; the schema is up to date. Connects at the first call. */
  constructor(url: string) {
    super();
    const { connectionString, options } = serviceConnection(url, SYSTEM_ROLE);
    this.source = new DataSource({
      type: 'postgres',
      url: connectionString,
      entities: [TenantEntity],
      applicationName: 'slackwater-tenants',
      poolSize: 1,
      connectTimeoutMS: TIMEOUT_MS,
      // A broken idle connection is replaced; the next query reports a lasting trouble.
      poolErrorHandler: () => undefined,
      extra: {
        options,
        statement_timeout: TIMEOUT_MS,
        query_timeout: TIMEOUT_MS,
      },
    });
  }

  override async ensure(tenant: Tenant): Promise<void> {
    const fault = tenantFault(tenant);
    if (fault !== undefined) throw new DomainError('REQUEST_INVALID', fault);
    const { tenantId, timeZone } = tenant;
    await this.run((source) =>
      source.getRepository(TenantEntity).upsert({ tenantId, timeZone }, ['tenantId']),
    );
  }

  override async find(tenantId: string): Promise<Tenant | undefined> {
    const row = await this.run((source) =>
      source.getRepository(TenantEntity).findOneBy({ tenantId }),
    );
    return row === null ? undefined : { tenantId: row.tenantId, timeZone: row.timeZone };
  }

  override async list(): Promise<readonly Tenant[]> {
    const rows = await this.run((source) => source.getRepository(TenantEntity).find());
    return rows
      .map(({ tenantId, timeZone }) => ({ tenantId, timeZone }))
      .toSorted((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
  }

  async close(): Promise<void> {
    if (this.source.isInitialized) await this.source.destroy();
    this.opening = undefined;
  }

  private async run<T>(work: (source: DataSource) => Promise<T>): Promise<T> {
    try {
      this.opening ??= this.source.initialize();
      return await work(await this.opening);
    } catch (error) {
      if (!this.source.isInitialized) this.opening = undefined; // The next call tries again.
      throw translate(unwrap(error));
    }
  }
}

/** TypeORM wraps what pg threw. */
function unwrap(error: unknown): unknown {
  return (error as { driverError?: unknown }).driverError ?? error;
}
