// What the night asks of migration, without knowing it: candidates, documents, publication.
import type { EpochMs, Json } from '../core';
import type { Kernels, TextColumn } from '../kernels';
import type { ForecastBatch } from '../models';
import type { VmRecord } from '../ingest';
import type { Run } from './ledger';

/** One shard's forecasts, sorted by vmId. */
export interface ShardForecast {
  readonly run: Run;
  readonly vms: readonly VmRecord[];
  readonly cutoffMs: EpochMs;
  /** The day in which windows lie, from the cutoff. */
  readonly day: ForecastBatch;
  readonly dayStepMs: number;
  /** (vms) the chosen model's name per resolution. */
  readonly fiveMinuteModel: readonly string[];
  readonly hourlyModel: readonly string[];
  /** Last known five-minute mean of each VM, cpuPct; NaN when none. */
  readonly lastPct: Float64Array;
  /** Why a VM has no forecast of its own, by row; sparse. */
  readonly abstentions: ReadonlyMap<number, string>;
}

/** Flat columns of equal length, written as one Arrow file; what they mean is migration's matter. */
export interface ColumnTable {
  readonly rowCount: number;
  readonly columns: Readonly<Record<string, Column>>;
  /** Short words about the whole table. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export type Column =
  | Float64Array
  | Float32Array
  | Int32Array
  | TextColumn
  /** A list of `width` values per row. */
  | {
      readonly list: Float64Array | Float32Array | Uint16Array | Uint8Array;
      readonly width: number;
    };

export abstract class WindowPlanner {
  /** Fixes what all shards of the tenant's next run share; kept in the run's plan. */
  abstract prepare(tenantId: string): Promise<Json | undefined>;

  /** Pure: the ranked candidate windows of every VM of a shard. */
  abstract candidates(forecast: ShardForecast, kernels: Kernels): Promise<ColumnTable>;

  /** Turns candidates into documents and stages them; a second call replaces the first. */
  abstract choose(
    run: Run,
    shard: number,
    table: ColumnTable,
    kernels: Kernels,
  ): Promise<{
    readonly documents: number;
    readonly windows: number;
    /** VMs with at least one window. */
    readonly vmsWithWindows: number;
  }>;

  /** One transaction: flips (tenant, runDate) to this attempt and makes the feed entries. */
  abstract publish(run: Run, summary: Json, nowMs: EpochMs): Promise<void>;
}
