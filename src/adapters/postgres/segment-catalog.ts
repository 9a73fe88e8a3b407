// Which daily files hold which VMs.
import type { PoolClient } from 'pg';
import type { EpochMs } from '../../core';
import type { SegmentRecord } from '../../ingest';

const DAY_MS = 86_400_000;

interface SegmentRow {
  readonly key: string;
  readonly day_ms: number;
  readonly step_ms: number;
  readonly first_vm_index: number;
  readonly vm_count: number;
  readonly version: number;
  readonly crc32c: number;
  readonly bytes: number;
}

/** In place of what the days had at the same steps. */
export async function replaceSegments(
  client: PoolClient,
  tenantId: string,
  segments: readonly SegmentRecord[],
): Promise<void> {
  const days = segments.map((segment) => segment.dayMs);
  const steps = segments.map((segment) => segment.stepMs);
  await client.query(
    `DELETE FROM segment USING unnest($1::bigint[], $2::int[]) AS new (day_ms, step_ms)
     WHERE segment.day_ms = new.day_ms AND segment.step_ms = new.step_ms`,
    [days, steps],
  );
  await client.query(
    `INSERT INTO segment
       (tenant_id, key, day_ms, step_ms, first_vm_index, vm_count, version, crc32c, bytes)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::int[],
       $8::bigint[], $9::bigint[])`,
    [
      tenantId,
      segments.map((segment) => segment.key),
      days,
      steps,
      segments.map((segment) => segment.firstVmIndex),
      segments.map((segment) => segment.vmCount),
      segments.map((segment) => segment.version),
      segments.map((segment) => segment.crc32c),
      segments.map((segment) => segment.bytes),
    ],
  );
}

/** Of days that touch [from, to), by day, then first VM. */
export async function segmentsBetween(
  client: PoolClient,
  fromMs: EpochMs,
  toMs: EpochMs,
  stepMs: number,
): Promise<readonly SegmentRecord[]> {
  const { rows } = await client.query<SegmentRow>(
    `SELECT key, day_ms, step_ms, first_vm_index, vm_count, version, crc32c, bytes
     FROM segment WHERE step_ms = $1 AND day_ms > $2 AND day_ms < $3
     ORDER BY day_ms, first_vm_index`,
    [stepMs, fromMs - DAY_MS, toMs],
  );
  return rows.map((row) => ({
    key: row.key,
    dayMs: row.day_ms,
    stepMs: row.step_ms,
    firstVmIndex: row.first_vm_index,
    vmCount: row.vm_count,
    version: row.version,
    crc32c: row.crc32c,
    bytes: row.bytes,
  }));
}

/** Returns their keys, sorted. */
export async function forgetSegments(
  client: PoolClient,
  stepMs: number,
  beforeMs: EpochMs,
): Promise<readonly string[]> {
  const { rows } = await client.query<{ key: string }>(
    `DELETE FROM segment WHERE step_ms = $1 AND day_ms < $2 RETURNING key`,
    [stepMs, beforeMs],
  );
  return rows.map((row) => row.key).toSorted();
}
