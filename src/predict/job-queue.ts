// Carries shards to workers. It may lose, repeat, and reorder: the ledger is the truth.
import type { Stage } from './ledger';

export interface ShardJob {
  readonly runId: string;
  readonly stage: Stage;
  readonly shard: number;
}

/** Twins: in process, BullMQ on PostgreSQL, BullMQ on Redis. */
export abstract class JobQueue {
  /** Adding a job that waits already changes nothing. */
  abstract add(jobs: readonly ShardJob[]): Promise<void>;

  /** Calls `handle` for each job, at most `concurrency` at once, until `close`. */
  abstract work(handle: (job: ShardJob) => Promise<void>, concurrency: number): Promise<void>;

  /** Waits for the jobs in hand. */
  abstract close(): Promise<void>;
}
