// Where samples come from: a Kafka topic, the local log, a file, the generator.

/** A place in one partition of a log: the offset of the next record to read. */
export interface LogPosition {
  readonly source: string;
  readonly partition: number;
  readonly nextOffset: number;
}

/** One record as it lies in a log. */
export interface LogRecord {
  readonly offset: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Samples that need no decoding: files and the generator. Columns of equal length `count`. */
export interface SampleColumns {
  readonly count: number;
  readonly vmNames: readonly string[];
  /** (count): index into vmNames. */
  readonly vm: Uint32Array;
  /** (count): epoch milliseconds. */
  readonly tsMs: Float64Array;
  readonly cpuPct: Float64Array;
  /** (count): offset of each sample in its source, for quarantine. */
  readonly offsets: Float64Array;
}

/** What could not even be read as a sample; goes to quarantine as it is. */
export interface RejectedRecord {
  readonly offset: number;
  readonly reason: string;
  /** The first 256 bytes. */
  readonly head: Uint8Array;
}

export interface SampleBatch {
  /** Where to go on when every effect of this batch is durable. */
  readonly next: LogPosition;
  readonly records: readonly LogRecord[];
  readonly columns?: SampleColumns;
  readonly rejected?: readonly RejectedRecord[];
  /** A bounded source has no more; its watermark passes its end. */
  readonly ended: boolean;
}

/** Where samples come from. One instance owns its partitions until `close`. */
export abstract class SampleSource {
  abstract readonly name: string;
  /** Minutes between samples of one VM: 60_000, or 300_000 where a value owns its whole bucket. */
  abstract readonly stepMs: number;

  /** Starts reading at `positions`; a partition without one starts at its beginning. */
  abstract open(positions: readonly LogPosition[]): Promise<void>;

  /**
   * The next samples of one partition, in the order of its log; resolves empty after `waitMs`.
   * The same position may be delivered again after a crash: storing is idempotent by minute slot.
   */
  abstract read(options: {
    readonly maxSamples: number;
    readonly waitMs: number;
  }): Promise<SampleBatch | undefined>;

  /** Promises that every effect before `position` is durable. Earlier positions are ignored. */
  abstract commit(position: LogPosition): Promise<void>;

  abstract close(): Promise<void>;
}

/** Where POST /v1/samples writes; resolves when the record survives a crash. */
export abstract class SampleLog {
  abstract append(record: {
    readonly key: string;
    readonly contentType: string;
    readonly body: Uint8Array;
  }): Promise<void>;
  abstract close(): Promise<void>;
}
