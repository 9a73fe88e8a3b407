// Roll-ups in memory: the twin for file commands and unit tests. Nothing outlives the process.
import { DomainError, type EpochMs } from '../../core';
import {
  RollupStore,
  type BlockName,
  type IngestCounters,
  type IngestEffects,
  type PartitionProgress,
  type PartitionState,
  type QuarantineRow,
  type SealedBlock,
  type SegmentRecord,
  type StoredBlock,
  type VmRecord,
} from '../../ingest';

const NOTHING: IngestCounters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };

export class MemoryRollupStore extends RollupStore {
  private readonly partitions = new Map<string, PartitionState>();
  /** By start instant, then source and partition. */
  private readonly blocks = new Map<EpochMs, Map<string, StoredBlock>>();
  private readonly quarantined: QuarantineRow[] = [];
  private readonly records: VmRecord[] = [];
  private readonly indexes = new Map<string, number>();
  private listed: SegmentRecord[] = [];

  override acquire(source: string, partition: number): Promise<PartitionState> {
    const key = partitionKey(source, partition);
    const before = this.partitions.get(key);
    const state: PartitionState = {
      source,
      partition,
      generation: (before?.generation ?? 0) + 1,
      nextOffset: before?.nextOffset ?? 0,
      watermarkMs: before?.watermarkMs,
      counters: before?.counters ?? NOTHING,
      openBlocks: before?.openBlocks ?? [],
    };
    this.partitions.set(key, state);
    return Promise.resolve(state);
  }

  override commit(effects: IngestEffects): Promise<void> {
    const key = partitionKey(effects.source, effects.partition);
    const state = this.partitions.get(key);
    if (state === undefined || state.generation !== effects.generation) {
      return Promise.reject(
        new DomainError(
          'POSITION_FENCED',
          `partition ${effects.partition} of '${effects.source}' has generation ` +
            `${state?.generation ?? 0}, the commit has ${effects.generation}`,
        ),
      );
    }
    for (const block of effects.blocks) {
      this.keep(key, { ...block, source: effects.source, partition: effects.partition });
    }
    this.quarantined.push(...effects.quarantine);
    this.partitions.set(key, {
      ...state,
      nextOffset: effects.nextOffset,
      watermarkMs: effects.watermarkMs ?? state.watermarkMs,
      openBlocks: effects.openBlocks,
      counters: sum(state.counters, effects.counters),
    });
    return Promise.resolve();
  }

  override vmIndexes(vmIds: readonly string[]): Promise<Uint32Array> {
    return Promise.resolve(Uint32Array.from(vmIds, (vmId) => this.indexOf(vmId)));
  }

  override describeVms(vms: readonly Omit<VmRecord, 'vmIndex'>[]): Promise<void> {
    for (const vm of vms) {
      const vmIndex = this.indexOf(vm.vmId);
      this.records[vmIndex] = { ...this.records[vmIndex], ...defined(vm), vmIndex };
    }
    return Promise.resolve();
  }

  override vms(): Promise<readonly VmRecord[]> {
    return Promise.resolve([...this.records]);
  }

  override vmRecords(vmIds: readonly string[]): Promise<readonly VmRecord[]> {
    const found = vmIds.map((vmId) => this.indexes.get(vmId));
    return Promise.resolve(
      found.flatMap((vmIndex) => (vmIndex === undefined ? [] : [this.records[vmIndex]])),
    );
  }

  override async *readBlocks(fromMs: EpochMs, toMs: EpochMs): AsyncGenerator<StoredBlock> {
    const starts = [...this.blocks.keys()].filter((start) => start >= fromMs && start < toMs);
    for (const start of starts.toSorted((a, b) => a - b)) {
      const found = [...(this.blocks.get(start)?.entries() ?? [])];
      for (const [, block] of found.toSorted(([a], [b]) => (a < b ? -1 : 1))) yield block;
    }
  }

  override block(
    source: string,
    partition: number,
    startMs: EpochMs,
  ): Promise<SealedBlock | undefined> {
    const stored = this.blocks.get(startMs)?.get(partitionKey(source, partition));
    if (stored === undefined) return Promise.resolve(undefined);
    const { source: _, partition: __, ...block } = stored;
    return Promise.resolve(block);
  }

  override blockSpan(): Promise<{ firstMs: EpochMs; lastMs: EpochMs } | undefined> {
    let firstMs = Number.POSITIVE_INFINITY;
    let lastMs = Number.NEGATIVE_INFINITY;
    for (const start of this.blocks.keys()) {
      firstMs = Math.min(firstMs, start);
      lastMs = Math.max(lastMs, start);
    }
    return Promise.resolve(this.blocks.size === 0 ? undefined : { firstMs, lastMs });
  }

  override replaceBlocks(
    segments: readonly SegmentRecord[],
    held: readonly BlockName[],
  ): Promise<void> {
    const stale = held.find(({ source, partition, startMs, version }) => {
      const stored = this.blocks.get(startMs)?.get(partitionKey(source, partition));
      return stored?.version !== version;
    });
    if (stale !== undefined) {
      return Promise.reject(
        new DomainError('DAY_CHANGED', `a block of ${stale.startMs} changed while it was read`),
      );
    }
    const replaced = new Set(segments.map(({ dayMs, stepMs }) => `${dayMs}/${stepMs}`));
    this.listed = this.listed.filter((one) => !replaced.has(`${one.dayMs}/${one.stepMs}`));
    this.listed.push(...segments);
    for (const { source, partition, startMs } of held) {
      const byPartition = this.blocks.get(startMs);
      byPartition?.delete(partitionKey(source, partition));
      if (byPartition?.size === 0) this.blocks.delete(startMs);
    }
    return Promise.resolve();
  }

  override progress(): Promise<readonly PartitionProgress[]> {
    const found = [...this.partitions.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return Promise.resolve(
      found.map(([, { source, partition, nextOffset, watermarkMs }]) => ({
        source,
        partition,
        nextOffset,
        ...(watermarkMs !== undefined && { watermarkMs }),
      })),
    );
  }

  override segments(
    fromMs: EpochMs,
    toMs: EpochMs,
    stepMs: number,
  ): Promise<readonly SegmentRecord[]> {
    return Promise.resolve(
      this.listed
        .filter(
          (one) => one.stepMs === stepMs && one.dayMs < toMs && one.dayMs + 86_400_000 > fromMs,
        )
        .toSorted((a, b) => a.dayMs - b.dayMs || a.firstVmIndex - b.firstVmIndex),
    );
  }

  override forgetBefore(stepMs: number, beforeMs: EpochMs): Promise<readonly string[]> {
    const old = this.listed.filter((one) => one.stepMs === stepMs && one.dayMs < beforeMs);
    this.listed = this.listed.filter((one) => !old.includes(one));
    return Promise.resolve(old.map((one) => one.key));
  }

  override counters(): Promise<IngestCounters> {
    return Promise.resolve(
      [...this.partitions.values()].reduce((total, state) => sum(total, state.counters), NOTHING),
    );
  }

  /** What quarantine holds; for tests and for the summary of a file run. */
  quarantine(): readonly QuarantineRow[] {
    return this.quarantined;
  }

  private keep(key: string, block: StoredBlock): void {
    let byPartition = this.blocks.get(block.startMs);
    if (byPartition === undefined) {
      byPartition = new Map();
      this.blocks.set(block.startMs, byPartition);
    }
    const before = byPartition.get(key);
    if (before === undefined || before.version <= block.version) {
      byPartition.set(key, block);
    }
  }

  private indexOf(vmId: string): number {
    let vmIndex = this.indexes.get(vmId);
    if (vmIndex === undefined) {
      vmIndex = this.records.length;
      this.indexes.set(vmId, vmIndex);
      this.records.push({ vmIndex, vmId });
    }
    return vmIndex;
  }
}

function partitionKey(source: string, partition: number): string {
  return `${source}\u001f${String(partition).padStart(9, '0')}`; // sorts by source first
}

function sum(a: IngestCounters, b: IngestCounters): IngestCounters {
  return {
    received: a.received + b.received,
    stored: a.stored + b.stored,
    duplicate: a.duplicate + b.duplicate,
    quarantined: a.quarantined + b.quarantined,
  };
}

/** Without the members that say nothing, so that they do not erase what is known. */
function defined<T extends object>(record: T): T {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as T;
}
