// Shards as BullMQ jobs, on PostgreSQL (embedded) or Redis. Carries work; the ledger is the truth.
import { createPostgresBackend, Queue, Worker, type Job } from 'bullmq';
import { DomainError } from '../../core';
import { JobQueue, type ShardJob } from '../../predict';

export type QueueServer =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'redis'; readonly url: string };

const QUEUE = 'slackwater-shards';
const SCHEMA = 'bullmq'; // its own: our migrations never see its tables
const LOCK_MS = 10_000; // a dead worker's job is seen again after at most LOCK_MS + STALLED_MS
const STALLED_MS = 2_500;
const STALLED_MAX = 1_000; // a worker that dies often is no reason to lose a job
const POOL_SIZE = 4;

/** Jobs leave the queue when they end, so that the ledger can hand out the same shard again. */
export class BullmqJobQueue extends JobQueue {
  private readonly queue: Queue<ShardJob>;
  private readonly workers: Worker<ShardJob>[] = [];

  constructor(
    private readonly server: QueueServer,
    private readonly onTrouble: (error: Error) => void = () => undefined,
  ) {
    super();
    this.queue = this.make((connection, backend) => new Queue(QUEUE, { connection }, backend));
    this.queue.on('error', onTrouble);
  }

  override async add(jobs: readonly ShardJob[]): Promise<void> {
    try {
      await this.queue.addBulk(
        jobs.map((job) => ({
          name: job.stage,
          data: job,
          opts: { jobId: jobIdOf(job), removeOnComplete: true, removeOnFail: true },
        })),
      );
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new DomainError('QUEUE_UNAVAILABLE', `the queue took no jobs: ${why}`, {}, { cause });
    }
  }

  override async work(
    handle: (job: ShardJob) => Promise<void>,
    concurrency: number,
  ): Promise<void> {
    const worker = this.make(
      (connection, backend) =>
        new Worker<ShardJob>(
          QUEUE,
          (job: Job<ShardJob>) => handle(job.data),
          {
            connection,
            concurrency,
            lockDuration: LOCK_MS,
            stalledInterval: STALLED_MS,
            maxStalledCount: STALLED_MAX,
            drainDelay: 1,
          },
          backend,
        ),
    );
    worker.on('error', this.onTrouble);
    this.workers.push(worker);
    await worker.waitUntilReady();
  }

  /** For readiness: how many jobs wait. Hangs while the server is away: give it a time limit. */
  waitingCount(): Promise<number> {
    return this.queue.count();
  }

  override async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close()));
    await this.queue.close();
  }

  private make<T>(build: (connection: never, backend: never) => T): T {
    const { server } = this;
    if (server.kind === 'redis') {
      const connection = { url: server.url, maxRetriesPerRequest: null };
      return build(connection as never, undefined as never);
    }
    const connection = {
      connectionString: server.url,
      schema: SCHEMA,
      max: POOL_SIZE,
      migrate: true,
    };
    return build(connection as never, createPostgresBackend as never);
  }
}

/** Without ":" (BullMQ's own separator). */
function jobIdOf({ runId, stage, shard }: ShardJob): string {
  return `${runId}-${stage}-${shard}`;
}
