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

/** A second listing of the same key replaces the first. */
export async function listSegments(
  client: PoolClient,
  tenantId: string,
  segments: readonly SegmentRecord[],
): Promise<void> {
  await client.query(
    `INSERT INTO segment (tenant_id, key, day_ms, step_ms, first_vm_index, vm_count, version, crc32c, bytes)
     SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::int[], $5::int[], $6::int[], $7::int[],
       $8::bigint[], $9::bigint[])
     ON CONFLICT (tenant_id, key) DO UPDATE SET day_ms = excluded.day_ms,
       step_ms = excluded.step_ms, first_vm_index = excluded.first_vm_index,
       vm_count = excluded.vm_count, version = excluded.version, crc32c = excluded.crc32c,
       bytes = excluded.bytes`,
    [
      tenantId,
      segments.map((segment) => segment.key),
      segments.map((segment) => segment.dayMs),
      segments.map((segment) => segment.stepMs),
      segments.map((segment) => segment.firstVmIndex),
      segments.map((segment) => segment.vmCount),
      segments.map((segment) => segment.version),
      segments.map((segment) => segment.crc32c),
      segments.map((segment) => segment.bytes),
    ],
  );
}

/** Of days that touch [from, to): the newest version of each (day, first VM), in that order. */
export async function newestSegments(
  client: PoolClient,
  fromMs: EpochMs,
  toMs: EpochMs,
  stepMs: number,
): Promise<readonly SegmentRecord[]> {
  const { rows } = await client.query<SegmentRow>(
    `SELECT DISTINCT ON (day_ms, first_vm_index)
       key, day_ms, step_ms, first_vm_index, vm_count, version, crc32c, bytes
     FROM segment WHERE step_ms = $1 AND day_ms > $2 AND day_ms < $3
     ORDER BY day_ms, first_vm_index, version DESC`,
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

/** All versions; returns their keys, sorted. */
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
