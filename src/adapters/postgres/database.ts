// Connections of the service: a role that owns nothing, one tenant per transaction.
import { escapeLiteral, Pool, types } from 'pg';
import type { PoolClient } from 'pg';
import { DomainError } from '../../core';
import { migrate } from './migrate';
import { SERVICE_ROLE, serviceConnection, SYSTEM_ROLE } from './service-connection';
import { inTransaction } from './transaction';

export interface DatabaseOptions {
  /** A user that owns the schema and may become the two roles. */
  readonly url: string;
  readonly poolSize?: number;
  /** On the server; longer work belongs into batches. */
  readonly statementTimeoutMs?: number;
}

const POOL_SIZE = 8;
const STATEMENT_TIMEOUT_MS = 60_000;
const CLIENT_MARGIN_MS = 5_000; // The server's timeout comes first where the network lives.
const CONNECT_TIMEOUT_MS = 10_000;

export class Database {
  private constructor(
    private readonly pool: Pool,
    readonly url: string,
  ) {}

  /** Brings the schema up to date as the owner (SCHEMA_NEWER, STORE_UNAVAILABLE), then connects. */
  static async open(options: DatabaseOptions): Promise<Database> {
    serviceConnection(options.url, SERVICE_ROLE); // A URL that is none is reported as such.
    await migrate(options.url);
    return Database.connect(options);
  }

  /** Without migrations: for processes beside the one that runs them. */
  static connect(options: DatabaseOptions): Database {
    const timeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
    const pool = new Pool({
      ...serviceConnection(options.url, SERVICE_ROLE),
      max: options.poolSize ?? POOL_SIZE,
      application_name: 'slackwater',
      statement_timeout: timeoutMs,
      query_timeout: timeoutMs + CLIENT_MARGIN_MS,
      idle_in_transaction_session_timeout: timeoutMs,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      types: { getTypeParser },
    });
    // A broken idle connection is replaced by the pool; the next query reports a lasting trouble.
    pool.on('error', () => undefined);
    return new Database(pool, options.url);
  }

  /** One transaction that sees and writes the rows of one tenant only. */
  async withTenant<T>(
    tenantId: string,
    work: (client: PoolClient) => Promise<T>,
    options: { readonly replay?: boolean } = {},
  ): Promise<T> {
    if (tenantId === '') {
      throw new DomainError('REQUEST_INVALID', 'tenantId is empty; name a tenant');
    }
    const prepare = `SELECT set_config('slackwater.tenant', ${escapeLiteral(tenantId)}, true)`;
    return inTransaction(this.pool, { prepare, ...options }, work);
  }

  /** One transaction over all tenants; every statement in it names its tenant itself. */
  async withEveryTenant<T>(
    work: (client: PoolClient) => Promise<T>,
    options: { readonly replay?: boolean } = {},
  ): Promise<T> {
    return inTransaction(this.pool, { prepare: `SET LOCAL ROLE ${SYSTEM_ROLE}`, ...options }, work);
  }

  /** Waits for the connections in use. */
  async close(): Promise<void> {
    if (!this.pool.ended) await this.pool.end();
  }
}

/** int8 and numeric arrive as strings by default; ours are counts and instants below 2^53. */
function numberOf(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new DomainError('INTERNAL', `integer ${text} of PostgreSQL is beyond 2^53`);
  }
  return value;
}

function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  const isNumber = oid === types.builtins.INT8 || oid === types.builtins.NUMERIC;
  if (isNumber && format !== 'binary') return numberOf;
  return types.getTypeParser(oid, format as 'text');
}
