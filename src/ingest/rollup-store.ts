// Where sealed roll-ups, quarantine, counters, and positions live: one transaction for all of them.
import type { EpochMs } from '../core';

/**
 * One sealed five-minute bucket of one partition. Columns of equal length, sorted by vmIndex.
 * mean = sumCenti / popcount(slots), rounded half up, in hundredths of a percent.
 */
export interface SealedBlock {
  readonly startMs: EpochMs;
  /** 1 when sealed; a correction re-emits the block with a higher version. */
  readonly version: number;
  readonly vmIndex: Uint32Array;
  readonly sumCenti: Uint32Array;
  readonly maxCenti: Uint16Array;
  /** Bit i = minute i of the bucket is known; 31 where a 300 s value owns it all. */
  readonly slots: Uint8Array;
}

/** Names one version of one block. */
export interface BlockName {
  readonly source: string;
  readonly partition: number;
  readonly startMs: EpochMs;
  readonly version: number;
}

/** A block as it is stored: with the partition it came from. */
export type StoredBlock = SealedBlock & BlockName;

export interface QuarantineRow {
  readonly offset: number;
  readonly reason: string;
  readonly head: Uint8Array;
  /** How many samples of the record it holds back. */
  readonly sampleCount: number;
}

/** Increments. received = stored + duplicate + quarantined, always. */
export interface IngestCounters {
  readonly received: number;
  readonly stored: number;
  readonly duplicate: number;
  readonly quarantined: number;
}

/** How far a partition has come. */
export interface PartitionProgress {
  readonly source: string;
  readonly partition: number;
  /** Every effect before it is durable. */
  readonly nextOffset: number;
  /** Greatest event time seen before nextOffset; undefined before the first sample. */
  readonly watermarkMs?: EpochMs;
}

export interface PartitionState extends PartitionProgress {
  /** Grows with each owner; commits of an older one are refused with POSITION_FENCED. */
  readonly generation: number;
  readonly counters: IngestCounters;
  /** Buckets that were not sealed at nextOffset, as they were then. */
  readonly openBlocks: readonly SealedBlock[];
}

/** Everything one commit makes durable, or nothing of it. */
export interface IngestEffects {
  readonly source: string;
  readonly partition: number;
  readonly generation: number;
  readonly nextOffset: number;
  readonly watermarkMs?: EpochMs;
  readonly blocks: readonly SealedBlock[];
  /** All buckets that are still open; replaces those of the commit before. */
  readonly openBlocks: readonly SealedBlock[];
  readonly quarantine: readonly QuarantineRow[];
  readonly counters: IngestCounters;
}

export interface VmRecord {
  readonly vmIndex: number;
  readonly vmId: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  readonly owner?: string;
}

/** A daily VM-major Arrow file in the object store. */
export interface SegmentRecord {
  readonly key: string;
  readonly dayMs: EpochMs;
  readonly stepMs: number;
  readonly firstVmIndex: number;
  readonly vmCount: number;
  readonly version: number;
  readonly crc32c: number;
  readonly bytes: number;
}

/** One tenant's roll-ups. Twins: memory (file commands, tests) and PostgreSQL. */
export abstract class RollupStore {
  /** Takes a partition over: generation + 1, and where to go on. */
  abstract acquire(source: string, partition: number): Promise<PartitionState>;

  /** Throws POSITION_FENCED, and changes nothing, when a newer generation exists. */
  abstract commit(effects: IngestEffects): Promise<void>;

  /** Dense indexes for names, in the order given; new names get the next free ones. */
  abstract vmIndexes(vmIds: readonly string[]): Promise<Uint32Array>;

  /** Sets what is known of VMs (spec, host); creates those that are new. */
  abstract describeVms(vms: readonly Omit<VmRecord, 'vmIndex'>[]): Promise<void>;

  /** All VMs by vmIndex. */
  abstract vms(): Promise<readonly VmRecord[]>;

  /** The named VMs in the order given; unknown ones are left out. Cost: the names, not the fleet. */
  abstract vmRecords(vmIds: readonly string[]): Promise<readonly VmRecord[]>;

  /**
   * The newest version of each block with startMs in [fromMs, toMs), by startMs, then source (code
   * units), then partition.
   */
  abstract readBlocks(fromMs: EpochMs, toMs: EpochMs): AsyncIterable<StoredBlock>;

  /** One partition's newest block, for a late correction; undefined when there is none. */
  abstract block(
    source: string,
    partition: number,
    startMs: EpochMs,
  ): Promise<SealedBlock | undefined>;

  /** First and last block start that are stored outside segments; undefined when none. */
  abstract blockSpan(): Promise<
    { readonly firstMs: EpochMs; readonly lastMs: EpochMs } | undefined
  >;

  /**
   * Lists segments in place of those that their days had at the same steps, and forgets the blocks
   * they hold, in one transaction. Blocks that came meanwhile stay. Throws DAY_CHANGED, and changes
   * nothing, where one of `held` is gone or has another version.
   */
  abstract replaceBlocks(
    segments: readonly SegmentRecord[],
    held: readonly BlockName[],
  ): Promise<void>;

  /** All partitions that were ever acquired, by source, then partition. */
  abstract progress(): Promise<readonly PartitionProgress[]>;

  abstract segments(
    fromMs: EpochMs,
    toMs: EpochMs,
    stepMs: number,
  ): Promise<readonly SegmentRecord[]>;

  /** Forgets segments before an instant; returns their keys, for the object store. */
  abstract forgetBefore(stepMs: number, beforeMs: EpochMs): Promise<readonly string[]>;

  abstract counters(): Promise<IngestCounters>;
}
