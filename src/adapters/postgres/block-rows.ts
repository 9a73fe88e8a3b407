// Blocks as rows: sealed ones for good, open ones from commit to commit.
import type { PoolClient } from 'pg';
import { DomainError } from '../../core';
import type { EpochMs } from '../../core';
import type { BlockName, SealedBlock, StoredBlock } from '../../ingest';
import { BYTES_PER_ROW, packBlock, unpackBlock } from './block-columns';

const BATCH_BYTES = 8 * 1024 * 1024; // A block of a million VMs (11 MB) still travels alone.

export interface PartitionKey {
  readonly tenantId: string;
  readonly source: string;
  readonly partition: number;
}

/** The same or a higher version replaces what is there; a lower one changes nothing. */
export async function writeSealed(
  client: PoolClient,
  key: PartitionKey,
  blocks: readonly SealedBlock[],
): Promise<void> {
  const newest = newestOf(blocks);
  for (const batch of batchesOf(newest, (block) => block.vmIndex.length)) {
    await insertBatch(client, 'sealed_block', key, batch);
  }
}

/** All buckets of a partition that are open after a commit, in place of those before it. */
export async function replaceOpen(
  client: PoolClient,
  key: PartitionKey,
  blocks: readonly SealedBlock[],
): Promise<void> {
  await client.query(`DELETE FROM open_block WHERE source = $1 AND partition = $2`, [
    key.source,
    key.partition,
  ]);
  for (const batch of batchesOf(blocks, (block) => block.vmIndex.length)) {
    await insertBatch(client, 'open_block', key, batch);
  }
}

/** All columns travel as one binary value that the server cuts: no hex, no row per round trip. */
async function insertBatch(
  client: PoolClient,
  table: 'sealed_block' | 'open_block',
  key: PartitionKey,
  blocks: readonly SealedBlock[],
): Promise<void> {
  const rowCounts = blocks.map((block) => block.vmIndex.length);
  const bytes = Buffer.allocUnsafe(rowCounts.reduce((sum, rows) => sum + rows, 0) * BYTES_PER_ROW);
  const starts: number[] = [];
  let offset = 0;
  for (const block of blocks) {
    starts.push(offset);
    offset = packBlock(block, bytes, offset);
  }
  await client.query(
    `INSERT INTO ${table} AS old
       (tenant_id, start_ms, source, partition, version, row_count, columns)
     SELECT $1, b.start_ms, $2, $3, b.version, b.row_count,
       substring($4::bytea FROM b.at + 1 FOR b.row_count * ${BYTES_PER_ROW})
     FROM unnest($5::bigint[], $6::int[], $7::int[], $8::int[])
       AS b (start_ms, version, row_count, at)
     ON CONFLICT (tenant_id, start_ms, source, partition) DO UPDATE
       SET version = excluded.version, row_count = excluded.row_count, columns = excluded.columns
       WHERE excluded.version >= old.version`,
    [
      key.tenantId,
      key.source,
      key.partition,
      bytes,
      blocks.map((block) => block.startMs),
      blocks.map((block) => block.version),
      rowCounts,
      starts,
    ],
  );
}

interface BlockRow {
  readonly start_ms: number;
  readonly version: number;
  readonly row_count: number;
  readonly columns: Buffer;
}

function blockOf(row: BlockRow): SealedBlock {
  return unpackBlock(
    { startMs: row.start_ms, version: row.version, rowCount: row.row_count },
    row.columns,
  );
}

/** By start. */
export async function readOpen(
  client: PoolClient,
  source: string,
  partition: number,
): Promise<readonly SealedBlock[]> {
  const { rows } = await client.query<BlockRow>(
    `SELECT start_ms, version, row_count, columns FROM open_block
     WHERE source = $1 AND partition = $2 ORDER BY start_ms`,
    [source, partition],
  );
  return rows.map(blockOf);
}

export async function readSealed(
  client: PoolClient,
  source: string,
  partition: number,
  startMs: EpochMs,
): Promise<SealedBlock | undefined> {
  const { rows } = await client.query<BlockRow>(
    `SELECT start_ms, version, row_count, columns FROM sealed_block
     WHERE start_ms = $1 AND source = $2 AND partition = $3`,
    [startMs, source, partition],
  );
  return rows[0] === undefined ? undefined : blockOf(rows[0]);
}

export interface BlockKey {
  readonly start_ms: number;
  readonly source: string;
  readonly partition: number;
  readonly row_count: number;
}

/** What there is in [from, to), in runs that fit into memory, by start, then source and partition. */
export async function sealedKeys(
  client: PoolClient,
  fromMs: EpochMs,
  toMs: EpochMs,
): Promise<Iterable<readonly BlockKey[]>> {
  const { rows } = await client.query<BlockKey>(
    `SELECT start_ms, source, partition, row_count FROM sealed_block
     WHERE start_ms >= $1 AND start_ms < $2 ORDER BY start_ms, source COLLATE "C", partition`,
    [fromMs, toMs],
  );
  return batchesOf(rows, (row) => row.row_count);
}

/** Blocks in the order of `keys`. pg reads bytea as hex only: 6 us for a block of 500 VMs. */
export async function fetchSealed(
  client: PoolClient,
  keys: readonly BlockKey[],
): Promise<readonly StoredBlock[]> {
  const { rows } = await client.query<BlockRow>(
    `SELECT b.start_ms, b.version, b.row_count, b.columns
     FROM unnest($1::bigint[], $2::text[], $3::int[]) WITH ORDINALITY
       AS k (start_ms, source, partition, n)
     JOIN sealed_block b USING (start_ms, source, partition) ORDER BY k.n`,
    [
      keys.map((key) => key.start_ms),
      keys.map((key) => key.source),
      keys.map((key) => key.partition),
    ],
  );
  if (rows.length !== keys.length) {
    // Never a silent hole: the day became a segment between the list and this read.
    throw new DomainError('STORE_UNAVAILABLE', 'blocks became segments while they were read');
  }
  return rows.map((row, at) => ({
    ...blockOf(row),
    source: keys[at].source,
    partition: keys[at].partition,
  }));
}

/** Forgets exactly these versions; DAY_CHANGED where one of them is not there. */
export async function forgetSealed(client: PoolClient, held: readonly BlockName[]): Promise<void> {
  if (held.length === 0) return;
  const gone = await client.query(
    `DELETE FROM sealed_block b
     USING unnest($1::bigint[], $2::text[], $3::int[], $4::int[])
       AS k (start_ms, source, partition, version)
     WHERE b.start_ms = k.start_ms AND b.source = k.source AND b.partition = k.partition
       AND b.version = k.version`,
    [
      held.map((block) => block.startMs),
      held.map((block) => block.source),
      held.map((block) => block.partition),
      held.map((block) => block.version),
    ],
  );
  if (gone.rowCount !== held.length) {
    throw new DomainError(
      'DAY_CHANGED',
      `${held.length - (gone.rowCount ?? 0)} of ${held.length} blocks changed while they were read`,
    );
  }
}

/** One statement may touch a row once: of one bucket only the highest version is written. */
function newestOf(blocks: readonly SealedBlock[]): readonly SealedBlock[] {
  const newest = new Map<EpochMs, SealedBlock>();
  for (const block of blocks) {
    const other = newest.get(block.startMs);
    if (other === undefined || block.version >= other.version) newest.set(block.startMs, block);
  }
  return [...newest.values()];
}

/** Runs of at most BATCH_BYTES of columns, at least one item each. */
function* batchesOf<T>(items: readonly T[], rowCount: (item: T) => number): Iterable<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = rowCount(item) * BYTES_PER_ROW;
    if (batch.length > 0 && bytes + size > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
