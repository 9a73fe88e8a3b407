// One transaction on one connection: what is tried again, and what the database's errors mean.
import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import type { DatabaseError, Pool, PoolClient } from 'pg';
import { DomainError } from '../../core';

const TRIES = 4;
const PAUSE_MS = 15; // Doubled each time: the winner of a conflict ends within some milliseconds.

/** serialization_failure, deadlock_detected: nothing of the transaction happened. */
const CONFLICTS = new Set(['40001', '40P01']);

export interface TransactionOptions {
  /** First statement, in one round trip with BEGIN. */
  readonly prepare: string;
  /** false where `work` consumes something that cannot be read twice (a stream into COPY). */
  readonly replay?: boolean;
}

/**
 * Runs `work` between BEGIN and COMMIT; rolls back when it throws. After a conflict it runs again,
 * so everything it does besides queries must bear repeating. A connection that breaks at COMMIT
 * leaves the outcome unknown: STORE_UNAVAILABLE, and the caller repeats an idempotent write.
 */
export async function inTransaction<T>(
  pool: Pool,
  options: TransactionOptions,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(pool, options.prepare, work);
    } catch (error) {
      const again = CONFLICTS.has(codeOf(error)) && options.replay !== false && attempt < TRIES;
      if (!again) throw translate(error);
      await sleep(PAUSE_MS * 2 ** attempt);
    }
  }
}

async function attemptOnce<T>(
  pool: Pool,
  prepare: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error; // pool.on('error') does not cover a client that is checked out.
  };
  client.on('error', onError);
  try {
    await client.query(`BEGIN; ${prepare}`);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    broken ??= unusable(error) ? (error as Error) : await rollBack(client);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** The error when even that fails: the connection is thrown away. */
async function rollBack(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('ROLLBACK');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** After a client-side timeout the server may still be busy with the statement. */
function unusable(error: unknown): boolean {
  return error instanceof Error && error.message === 'Query read timeout';
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : '';
}

const SYSTEM_CODES = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ENOENT)/;
const CONNECTION_TEXTS =
  /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout expired|timeout exceeded when trying to connect|Client was closed|Cannot use a pool)/;

/** Errors of pg -> DISK_FULL, STORE_UNAVAILABLE, or, where it is our own mistake, as it is. */
export function translate(error: unknown): unknown {
  if (!isNativeError(error) || error instanceof DomainError) return error;
  const code = codeOf(error);
  if (code === '53100') {
    return new DomainError('DISK_FULL', `PostgreSQL: ${error.message}`, {}, { cause: error });
  }
  if (
    code === '23503' &&
    (error as DatabaseError).constraint?.endsWith('_tenant_id_fkey') === true
  ) {
    return new DomainError('NOT_FOUND', 'the tenant is unknown; create it first');
  }
  // Classes 08 connection, 53 resources, 57 operator (shutdown, timeout), 28 login, 40 conflict.
  const outside =
    /^(08|53|57|28|40)/.test(code) ||
    code === '55P03' ||
    code === '3D000' ||
    SYSTEM_CODES.test(code) ||
    CONNECTION_TEXTS.test(error.message);
  return outside
    ? new DomainError('STORE_UNAVAILABLE', `PostgreSQL: ${error.message}`, {}, { cause: error })
    : error;
}

/** One holder of `name` at a time, until the transaction ends. Two names of one hash only wait for each other. */
export async function lockUntilEnd(client: PoolClient, name: string): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [name]);
}
