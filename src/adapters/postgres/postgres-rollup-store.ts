// Roll-ups of one tenant in PostgreSQL: a block is one row, a commit is one transaction.
import type { PoolClient } from 'pg';
import { DomainError } from '../../core';
import type { EpochMs } from '../../core';
import { RollupStore } from '../../ingest';
import type {
  BlockName,
  IngestCounters,
  IngestEffects,
  PartitionProgress,
  PartitionState,
  SealedBlock,
  SegmentRecord,
  StoredBlock,
  VmRecord,
} from '../../ingest';
import {
  fetchSealed,
  forgetSealed,
  readOpen,
  readSealed,
  replaceOpen,
  sealedKeys,
  writeSealed,
} from './block-rows';
import type { Database } from './database';
import { insertQuarantine } from './quarantine-rows';
import { forgetSegments, replaceSegments, segmentsBetween } from './segment-catalog';
import { allocateVms, allVms, namedVms, updateSpecs } from './vm-catalog';

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
    return this.run(async (client) => {
      const { rows } = await client.query<PartitionRow>(
        `INSERT INTO ingest_partition AS p (tenant_id, source, partition, generation)
         VALUES ($1, $2, $3, 1)
         ON CONFLICT (tenant_id, source, partition) DO UPDATE SET generation = p.generation + 1
         RETURNING generation, next_offset, watermark_ms, received, stored, duplicate, quarantined`,
        [this.tenantId, source, partition],
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
        openBlocks: await readOpen(client, source, partition),
      };
    });
  }

  override async commit(effects: IngestEffects): Promise<void> {
    const { source, partition } = effects;
    const key = { tenantId: this.tenantId, source, partition };
    await this.run(async (client) => {
      await this.advance(client, effects); // First: its row lock is the fence.
      await writeSealed(client, key, effects.blocks);
      await replaceOpen(client, key, effects.openBlocks);
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

  override async vmRecords(vmIds: readonly string[]): Promise<readonly VmRecord[]> {
    return this.run((client) => namedVms(client, vmIds));
  }

  override async *readBlocks(fromMs: EpochMs, toMs: EpochMs): AsyncIterable<StoredBlock> {
    const batches = await this.run((client) => sealedKeys(client, fromMs, toMs));
    for (const batch of batches) {
      yield* await this.run((client) => fetchSealed(client, batch));
    }
  }

  override async block(
    source: string,
    partition: number,
    startMs: EpochMs,
  ): Promise<SealedBlock | undefined> {
    return this.run((client) => readSealed(client, source, partition, startMs));
  }

  override async blockSpan(): Promise<
    { readonly firstMs: EpochMs; readonly lastMs: EpochMs } | undefined
  > {
    const { rows } = await this.run((client) =>
      client.query<{ first_ms: number | null; last_ms: number | null }>(
        `SELECT min(start_ms) AS first_ms, max(start_ms) AS last_ms FROM sealed_block`,
      ),
    );
    const firstMs = rows[0]?.first_ms ?? undefined;
    const lastMs = rows[0]?.last_ms ?? undefined;
    return firstMs === undefined || lastMs === undefined ? undefined : { firstMs, lastMs };
  }

  override async replaceBlocks(
    segments: readonly SegmentRecord[],
    held: readonly BlockName[],
  ): Promise<void> {
    await this.run(async (client) => {
      await forgetSealed(client, held); // First: its row locks keep a second compaction out.
      await replaceSegments(client, this.tenantId, segments);
    });
  }

  override async progress(): Promise<readonly PartitionProgress[]> {
    const { rows } = await this.run((client) =>
      client.query<Pick<PartitionRow, 'next_offset' | 'watermark_ms'> & PartitionProgress>(
        `SELECT source, partition, next_offset, watermark_ms FROM ingest_partition
         ORDER BY source COLLATE "C", partition`,
      ),
    );
    return rows.map((row) => ({
      source: row.source,
      partition: row.partition,
      nextOffset: row.next_offset,
      ...(row.watermark_ms !== null && { watermarkMs: row.watermark_ms }),
    }));
  }

  override async segments(
    fromMs: EpochMs,
    toMs: EpochMs,
    stepMs: number,
  ): Promise<readonly SegmentRecord[]> {
    return this.run((client) => segmentsBetween(client, fromMs, toMs, stepMs));
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

function definedOf<T extends object>(value: T): Partial<T> {
  const entries = Object.entries(value).filter(([, property]) => property !== undefined);
  return Object.fromEntries(entries) as Partial<T>;
}
