// What could not be stored, kept with its reason and the first bytes of its record.
import type { PoolClient } from 'pg';
import type { IngestEffects } from '../../ingest';

const BATCH = 5_000;

export async function insertQuarantine(
  client: PoolClient,
  tenantId: string,
  effects: IngestEffects,
): Promise<void> {
  for (let first = 0; first < effects.quarantine.length; first += BATCH) {
    const part = effects.quarantine.slice(first, first + BATCH);
    let at = 0;
    const starts = part.map((row) => {
      const start = at;
      at += row.head.length;
      return start;
    });
    await client.query(
      `INSERT INTO quarantine
         (tenant_id, source, partition, source_offset, reason, head, sample_count)
       SELECT $1, $2, $3, q.source_offset, q.reason, substring($4::bytea FROM q.at + 1 FOR q.size),
         q.sample_count
       FROM unnest($5::bigint[], $6::text[], $7::int[], $8::int[], $9::int[])
         AS q (source_offset, reason, at, size, sample_count)`,
      [
        tenantId,
        effects.source,
        effects.partition,
        Buffer.concat(part.map((row) => row.head)),
        part.map((row) => row.offset),
        part.map((row) => row.reason.replaceAll('\u0000', '\uFFFD')), // PostgreSQL has no NUL.
        starts,
        part.map((row) => row.head.length),
        part.map((row) => row.sampleCount),
      ],
    );
  }
}
