// The truth about a night: runs, stages, shards, leases. The queue only carries work.
import type { EpochMs, Json } from '../core';
import type { Horizons } from './night-settings';

export const STAGES = ['prepare', 'fleet', 'forecast', 'choose', 'publish'] as const;
export type Stage = (typeof STAGES)[number];

export type RunStatus = 'running' | 'published' | 'failed';

/** A version of the registry that a run forecasts with, or would have. */
export interface PlannedModel {
  readonly name: string;
  readonly stepSec: number;
  readonly modelId: string;
}

/** What a run is pinned to; fixed when it starts, the same for every worker. */
export interface RunPlan {
  readonly cutoffMs: EpochMs;
  readonly timeZone: string;
  /** VMs in the order of vmId; shards are ranges of this list, stored with the run. */
  readonly vmCount: number;
  readonly shardSize: number;
  readonly seed: number;
  readonly isa: string;
  readonly backend: string;
  readonly codeVersion: string;
  readonly hourlyModels: readonly string[];
  readonly fiveMinuteModels: readonly string[];
  /** Absent: both resolutions, as far as the design says. */
  readonly horizons?: Horizons;
  /** Champions of the registry among the models; absent: none. */
  readonly champions?: readonly PlannedModel[];
  /** Champions that could not be loaded when the run started, and why; absent: none. */
  readonly leftOut?: readonly (PlannedModel & { readonly reason: string })[];
  /** What the planner of windows fixed for this run; its own matter. Absent: nothing. */
  readonly planner?: Json;
  /** The published night whose state is brought up to date; absent: all is judged by history. */
  readonly before?: { readonly runId: string; readonly cutoffMs: EpochMs };
}

export interface Run {
  readonly runId: string;
  readonly tenantId: string;
  /** "YYYY-MM-DD", local date of the cutoff in the tenant's zone. */
  readonly runDate: string;
  readonly attempt: number;
  readonly status: RunStatus;
  readonly plan: RunPlan;
  readonly startedMs: EpochMs;
  readonly endedMs?: EpochMs;
  /** Written at the end: counts, models chosen, seconds per stage. */
  readonly summary?: Json;
  readonly failure?: string;
}

export interface ShardRow {
  readonly runId: string;
  readonly stage: Stage;
  readonly shard: number;
  /** Rows [firstVm, firstVm + vmCount) of the run's VM list. */
  readonly firstVm: number;
  readonly vmCount: number;
  readonly state: 'open' | 'leased' | 'done' | 'failed';
  readonly attempts: number;
  readonly worker?: string;
  readonly leaseUntilMs?: EpochMs;
  readonly result?: Json;
  readonly failure?: string;
}

/** The right to finish one shard; `attempts` fences it. */
export interface ShardLease {
  readonly runId: string;
  readonly stage: Stage;
  readonly shard: number;
  readonly firstVm: number;
  readonly vmCount: number;
  readonly attempts: number;
  readonly worker: string;
}

export interface StageProgress {
  readonly stage: Stage;
  readonly shards: number;
  readonly done: number;
  readonly failed: number;
  readonly leased: number;
}

/** Twins: memory (file commands, tests) and PostgreSQL. */
export abstract class Ledger {
  /**
   * Starts an attempt, or joins the one that is running for the same runDate (`joined`).
   * A published runDate starts a new attempt only when `again`, else it is returned as joined.
   */
  abstract openRun(request: {
    readonly tenantId: string;
    readonly runDate: string;
    readonly again: boolean;
    readonly plan: RunPlan;
    /** (vmCount) sorted by vmId. */
    readonly vmIds: readonly string[];
    readonly nowMs: EpochMs;
  }): Promise<{ readonly run: Run; readonly joined: boolean }>;

  abstract run(runId: string): Promise<Run | undefined>;

  /** Newest first. */
  abstract runs(tenantId: string, limit: number): Promise<readonly Run[]>;

  /** Runs of every tenant that a scheduler has to move on. */
  abstract running(): Promise<readonly Run[]>;

  /** The published run of the newest runDate. */
  abstract published(tenantId: string): Promise<Run | undefined>;

  /** VM ids of rows [first, first + count) of the run's list. */
  abstract vmIds(runId: string, first: number, count: number): Promise<readonly string[]>;

  /** Fixes the shards of a stage; a second call changes nothing. */
  abstract planStage(
    runId: string,
    stage: Stage,
    ranges: readonly { readonly firstVm: number; readonly vmCount: number }[],
  ): Promise<void>;

  abstract shards(runId: string, stage: Stage): Promise<readonly ShardRow[]>;

  /** undefined when it is done, failed, or leased by somebody whose lease has not run out. */
  abstract lease(
    runId: string,
    stage: Stage,
    shard: number,
    worker: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<ShardLease | undefined>;

  /** false when the lease was lost. */
  abstract renew(lease: ShardLease, nowMs: EpochMs, leaseMs: number): Promise<boolean>;

  /** UPDATE ... WHERE attempts = mine AND state = 'leased'; false when the lease was lost. */
  abstract complete(lease: ShardLease, result: Json): Promise<boolean>;

  /** Back to open while attempts < maxAttempts, else failed with the reason. */
  abstract release(lease: ShardLease, reason: string, maxAttempts: number): Promise<void>;

  abstract progress(runId: string): Promise<readonly StageProgress[]>;

  /** Ends a run that will not be published. */
  abstract failRun(runId: string, failure: string, nowMs: EpochMs): Promise<void>;
}
