// Roll-ups of one tenant in PostgreSQL: a block is one row, a commit is one transaction.
import type { PoolClient } from 'pg';
import { DomainError } from '../../core';
import type { EpochMs } from '../../core';
import { RollupStore } from '../../ingest';
import type {
  IngestCounters,
  IngestEffects,
  PartitionState,
  SealedBlock,
  SegmentRecord,
  VmRecord,
} from '../../ingest';
import { BYTES_PER_ROW, packBlock, unpackBlock } from './block-columns';
import type { Database } from './database';
import { insertQuarantine } from './quarantine-rows';
import { forgetSegments, listSegments, newestSegments } from './segment-catalog';
import { allocateVms, allVms, findVms, updateSpecs } from './vm-catalog';

const BATCH_BYTES = 8 * 1024 * 1024; // A block of a million VMs (11 MB) still travels alone.
const DAY_MS = 86_400_000;

interface PartitionRow {
  readonly generation: number;
  readonly next_offset: number;
  readonly watermark_ms: number | null;
  readonly received: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly quarantined: number;
}

export class PostgresRollupStore extends RollupStore {
  /** Indexes never change, so what was read once stays true. */
  private readonly known = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly tenantId: string,
  ) {
    super();
  }

  override async acquire(source: string, partition: number): Promise<PartitionState> {
    const { rows } = await this.run((client) =>
      client.query<PartitionRow>(
        `INSERT INTO ingest_partition AS p (tenant_id, source, partition, generation)
         VALUES ($1, $2, $3, 1)
         ON CONFLICT (tenant_id, source, partition) DO UPDATE SET generation = p.generation + 1
         RETURNING generation, next_offset, watermark_ms, received, stored, duplicate, quarantined`,
        [this.tenantId, source, partition],
      ),
    );
    const row = rows[0] as PartitionRow; // INSERT ... RETURNING gives exactly one.
    const { received, stored, duplicate, quarantined } = row;
    return {
      source,
      partition,
      generation: row.generation,
      nextOffset: row.next_offset,
      ...(row.watermark_ms !== null && { watermarkMs: row.watermark_ms }),
      counters: { received, stored, duplicate, quarantined },
    };
  }

  override async commit(effects: IngestEffects): Promise<void> {
    await this.run(async (client) => {
      await this.advance(client, effects); // First: its row lock is the fence.
      const blocks = newestOf(effects.blocks);
      for (const batch of batchesOf(blocks)) await this.insertBlocks(client, effects, batch);
      await insertQuarantine(client, this.tenantId, effects);
    });
  }

  private async advance(client: PoolClient, effects: IngestEffects): Promise<void> {
    const { source, partition, generation, counters } = effects;
    const moved = await client.query(
      `UPDATE ingest_partition SET next_offset = $4,
         watermark_ms = greatest(watermark_ms, $5::bigint),
         received = received + $6, stored = stored + $7,
         duplicate = duplicate + $8, quarantined = quarantined + $9
       WHERE source = $1 AND partition = $2 AND generation = $3`,
      [
        source,
        partition,
        generation,
        effects.nextOffset,
        effects.watermarkMs ?? null,
        counters.received,
        counters.stored,
        counters.duplicate,
        counters.quarantined,
      ],
    );
    if (moved.rowCount !== 1) {
      throw new DomainError(
        'POSITION_FENCED',
        `partition ${partition} of '${source}' has a newer owner than generation ${generation}`,
        { source, partition, generation },
      );
    }
  }

  /** All columns travel as one binary value that the server cuts: no hex, no row per round trip. */
  private async insertBlocks(
    client: PoolClient,
    effects: IngestEffects,
    blocks: readonly SealedBlock[],
  ): Promise<void> {
    const rowCounts = blocks.map((block) => block.vmIndex.length);
    const bytes = Buffer.allocUnsafe(
      rowCounts.reduce((sum, rows) => sum + rows, 0) * BYTES_PER_ROW,
    );
    const starts: number[] = [];
    let offset = 0;
    for (const block of blocks) {
      starts.push(offset);
      offset = packBlock(block, bytes, offset);
    }
    await client.query(
      `INSERT INTO sealed_block AS old
         (tenant_id, start_ms, source, partition, version, row_count, columns)
       SELECT $1, b.start_ms, $2, $3, b.version, b.row_count,
         substring($4::bytea FROM b.at + 1 FOR b.row_count * ${BYTES_PER_ROW})
       FROM unnest($5::bigint[], $6::int[], $7::int[], $8::int[])
         AS b (start_ms, version, row_count, at)
       ON CONFLICT (tenant_id, start_ms, source, partition) DO UPDATE
         SET version = excluded.version, row_count = excluded.row_count, columns = excluded.columns
         WHERE excluded.version > old.version`,
      [
        this.tenantId,
        effects.source,
        effects.partition,
        bytes,
        blocks.map((block) => block.startMs),
        blocks.map((block) => block.version),
        rowCounts,
        starts,
      ],
    );
  }

  override async vmIndexes(vmIds: readonly string[]): Promise<Uint32Array> {
    const asked = [...new Set(vmIds)].filter((vmId) => !this.known.has(vmId));
    if (asked.length > 0) {
      const found = await this.run((client) => allocateVms(client, this.tenantId, asked));
      for (const [vmId, vmIndex] of found) this.known.set(vmId, vmIndex);
    }
    return Uint32Array.from(vmIds, (vmId) => this.known.get(vmId) as number);
  }

  override async describeVms(vms: readonly Omit<VmRecord, 'vmIndex'>[]): Promise<void> {
    // A VM that is named twice: the last description of each property counts.
    const merged = new Map<string, Omit<VmRecord, 'vmIndex'>>();
    for (const vm of vms) {
      merged.set(vm.vmId, { ...merged.get(vm.vmId), ...definedOf(vm), vmId: vm.vmId });
    }
    const names = [...merged.keys()];
    await this.run(async (client) => {
      const indexes = await allocateVms(client, this.tenantId, names);
      const rows = [...merged.values()].map((vm) => ({
        ...vm,
        vmIndex: indexes.get(vm.vmId) as number,
      }));
      await updateSpecs(client, rows);
    });
  }

  override async vms(): Promise<readonly VmRecord[]> {
    return this.run(allVms);
  }

  /** vmIndex of a name that exists already; creates nothing. */
  async findVm(vmId: string): Promise<number | undefined> {
    return (await this.run((client) => findVms(client, [vmId]))).get(vmId);
  }

  override async *readBlocks(fromMs: EpochMs, toMs: EpochMs): AsyncIterable<SealedBlock> {
    const { rows } = await this.run((client) =>
      client.query<BlockKey>(
        `SELECT start_ms, source, partition, row_count FROM sealed_block
         WHERE start_ms >= $1 AND start_ms < $2 ORDER BY start_ms, partition, source`,
        [fromMs, toMs],
      ),
    );
    for (const batch of batchesOf(rows.map((row) => ({ ...row, length: row.row_count })))) {
      const blocks = await this.run((client) => fetchBlocks(client, batch));
      yield* blocks;
    }
  }

  override async blockSpan(): Promise<
    { readonly firstMs: EpochMs; readonly lastMs: EpochMs } | undefined
  > {
    const { rows } = await this.run((client) =>
      client.query<{ first_ms: number | null; last_ms: number | null }>(
        `SELECT min(start_ms) AS first_ms, max(start_ms) AS last_ms FROM sealed_block`,
      ),
    );
    const { first_ms: firstMs, last_ms: lastMs } = rows[0] ?? {};
    return firstMs == null || lastMs == null ? undefined : { firstMs, lastMs };
  }

  override async replaceByDay(segments: readonly SegmentRecord[], dayMs: EpochMs): Promise<void> {
    await this.run(async (client) => {
      await listSegments(client, this.tenantId, segments);
      await client.query(`DELETE FROM sealed_block WHERE start_ms >= $1 AND start_ms < $2`, [
        dayMs,
        dayMs + DAY_MS,
      ]);
    });
  }

  override async segments(
    fromMs: EpochMs,
    toMs: EpochMs,
    stepMs: number,
  ): Promise<readonly SegmentRecord[]> {
    return this.run((client) => newestSegments(client, fromMs, toMs, stepMs));
  }

  override async forgetBefore(stepMs: number, beforeMs: EpochMs): Promise<readonly string[]> {
    return this.run((client) => forgetSegments(client, stepMs, beforeMs));
  }

  override async counters(): Promise<IngestCounters> {
    const { rows } = await this.run((client) =>
      client.query<IngestCounters>(
        `SELECT coalesce(sum(received), 0) AS received, coalesce(sum(stored), 0) AS stored,
           coalesce(sum(duplicate), 0) AS duplicate, coalesce(sum(quarantined), 0) AS quarantined
         FROM ingest_partition`,
      ),
    );
    return rows[0] as IngestCounters; // An aggregate gives exactly one row.
  }

  private run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return this.database.withTenant(this.tenantId, work);
  }
}

interface BlockKey {
  readonly start_ms: number;
  readonly source: string;
  readonly partition: number;
  readonly row_count: number;
}

/** Blocks in the order of `keys`. pg reads bytea as hex only: 6 us for a block of 500 VMs. */
async function fetchBlocks(
  client: PoolClient,
  keys: readonly BlockKey[],
): Promise<readonly SealedBlock[]> {
  const { rows } = await client.query<{ version: number; row_count: number; columns: Buffer }>(
    `SELECT b.version, b.row_count, b.columns
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
  return rows.map((row, index) =>
    unpackBlock(
      { startMs: keys[index].start_ms, version: row.version, rowCount: row.row_count },
      row.columns,
    ),
  );
}

/** One statement may touch a row once: of one bucket only the highest version is written. */
function newestOf(blocks: readonly SealedBlock[]): readonly SealedBlock[] {
  const newest = new Map<EpochMs, SealedBlock>();
  for (const block of blocks) {
    const other = newest.get(block.startMs);
    if (other === undefined || block.version > other.version) newest.set(block.startMs, block);
  }
  return [...newest.values()];
}

/** Runs of at most BATCH_BYTES of columns, at least one block each. */
function* batchesOf<T extends SealedBlock | (BlockKey & { readonly length: number })>(
  blocks: readonly T[],
): Iterable<readonly T[]> {
  let batch: T[] = [];
  let bytes = 0;
  for (const block of blocks) {
    const size = ('vmIndex' in block ? block.vmIndex.length : block.length) * BYTES_PER_ROW;
    if (batch.length > 0 && bytes + size > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(block);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

function definedOf<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(([, property]) => property !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
