// The port to a hypervisor: prepare, start, look, cancel. It never decides when; its caller does.
import type { EpochMs, Json } from '../../core';
import type { ExecutorKind, FailureCause, OutcomeMode, OutcomeStatus } from '../outcomes';

/** One migration, as the window advises it. Contract units; each adapter maps them to its own. */
export interface MigrationOrder {
  readonly vmId: string;
  readonly windowId: string;
  readonly rank: number;
  readonly token: number;
  readonly mode: Exclude<OutcomeMode, 'stop-copy'>;
  readonly downtimeLimitMs: number;
  /** Absent: the hypervisor's own limit. */
  readonly bandwidthBytesPerSec?: number;
  /** After this it is cancelled. */
  readonly notAfterMs: EpochMs;
}

/** What is written down before the call, so that a later look can tell this migration from others. */
export interface Preparation {
  /** State before the call; opaque to the caller. */
  readonly evidence: Json;
  /** What will be set, in native units and names: shown by --dry-run. */
  readonly settings: Readonly<Record<string, Json>>;
}

export interface MigrationReport {
  readonly status: OutcomeStatus;
  readonly cause?: FailureCause;
  readonly detail?: string;
  /** Host that received the VM. */
  readonly target?: string;
  /** Unknown is absent. */
  readonly totalTimeMs?: number;
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
  readonly rounds?: number;
}

/**
 * `none`: it surely was not started. `unknown`: it cannot be told whether it was or how it ended.
 */
export type Sight =
  | { readonly state: 'none' | 'unknown'; readonly detail: string }
  | { readonly state: 'running'; readonly rounds?: number }
  | { readonly state: 'ended'; readonly report: MigrationReport };

/** Adapters: src/adapters/executors, one folder per hypervisor. */
export abstract class MigrationExecutor {
  abstract readonly kind: ExecutorKind;

  /** VMs that it can reach. */
  abstract readonly vmIds: readonly string[];

  /** Changes nothing. Throws EXECUTOR_REFUSED where the VM cannot be migrated now. */
  abstract prepare(order: MigrationOrder): Promise<Preparation>;

  /**
   * Asks the hypervisor, once. EXECUTOR_REFUSED says that surely nothing was started; any other
   * error leaves it open.
   */
  abstract start(order: MigrationOrder): Promise<void>;

  /** What became of it; also in a later process, by the evidence taken before the call. */
  abstract look(order: MigrationOrder, evidence: Json): Promise<Sight>;

  /** Asks for the end; `look` says when it has ended. Throws nothing when it is over already. */
  abstract cancel(order: MigrationOrder): Promise<void>;

  abstract close(): Promise<void>;
}
