// What `slackwater doctor` asks a PostgreSQL server, and nothing that changes it.
import { Client } from 'pg';
import { translate } from './transaction';

export interface PostgresFacts {
  /** 150018 = 15.18. */
  readonly versionNumber: number;
  readonly versionText: string;
  readonly serverNowMs: number;
  readonly isSuperuser: boolean;
  readonly mayCreateRoles: boolean;
  readonly mayCreateInSchema: boolean;
  readonly maxConnections: number;
}

const TIMEOUT_MS = 5_000;

/** Throws STORE_UNAVAILABLE when there is no answer. */
export async function probePostgres(url: string): Promise<PostgresFacts> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
  });
  client.on('error', () => undefined); // the query below reports the same
  try {
    await client.connect();
    const { rows } = await client.query<Record<string, string | boolean>>(`
      SELECT current_setting('server_version_num') AS number,
             current_setting('server_version') AS text,
             current_setting('max_connections') AS connections,
             (extract(epoch FROM clock_timestamp()) * 1000)::text AS now_ms,
             rolsuper, rolcreaterole,
             has_schema_privilege(current_user, 'public', 'CREATE') AS may_create
      FROM pg_roles WHERE rolname = current_user`);
    const row = rows[0];
    return {
      versionNumber: Number(row.number),
      versionText: String(row.text),
      serverNowMs: Number(row.now_ms),
      isSuperuser: row.rolsuper === true,
      mayCreateRoles: row.rolsuper === true || row.rolcreaterole === true,
      mayCreateInSchema: row.may_create === true,
      maxConnections: Number(row.connections),
    };
  } catch (error) {
    throw translate(error);
  } finally {
    await client.end().catch(() => undefined); // it may never have connected
  }
}
