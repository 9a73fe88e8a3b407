// What a night needs from outside, and what every stage of it is given.
import type { Clock } from '../core';
import type { HistoryReader } from '../features';
import type { ObjectStore, RollupStore } from '../ingest';
import type { Kernels } from '../kernels';
import type { JobQueue } from './job-queue';
import type { FittedForecaster, OutsideModels } from '../models';
import type { Ledger, Run } from './ledger';
import type { Resolution } from './night-settings';
import type { ModelPurpose } from './train-models';
import type { WindowPlanner } from './window-planner';

export interface TenantPorts {
  readonly rollups: RollupStore;
  readonly history: HistoryReader;
}

export interface NightPorts {
  readonly ledger: Ledger;
  readonly queue: JobQueue;
  readonly objects: ObjectStore;
  readonly planner: WindowPlanner;
  readonly clock: Clock;
  tenant(tenantId: string): TenantPorts;
  /** Kernels pinned to the run's instruction set; throws BACKEND_UNAVAILABLE where it lacks. */
  kernels(backend: string, isa: string): Kernels;
  /** Programs that forecast under names of their own; every process of a night has the same. */
  readonly outside?: OutsideModels;
  /** A trained model of the fleet; undefined for a model of each series. */
  fleetModel?(
    run: Run,
    resolution: Resolution,
    name: string,
    purpose: ModelPurpose,
  ): Promise<FittedForecaster | undefined>;
}

/** Where a shard's files lie: the same for every attempt of the shard, so a repeat replaces them. */
export function shardKey(runId: string, name: string, shard: number): string {
  return `runs/${runId}/${name}-${String(shard).padStart(6, '0')}.arrow`;
}
