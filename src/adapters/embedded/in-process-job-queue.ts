// Jobs within one process: for file commands and unit tests. A crash loses them; the ledger knows.
import { JobQueue, type ShardJob } from '../../predict';

export class InProcessJobQueue extends JobQueue {
  private readonly waiting = new Map<string, ShardJob>();
  private readonly inHand = new Set<Promise<void>>();
  private handle: ((job: ShardJob) => Promise<void>) | undefined;
  private concurrency = 0;
  private closed = false;

  override add(jobs: readonly ShardJob[]): Promise<void> {
    for (const job of jobs) this.waiting.set(keyOf(job), job);
    this.dispatch();
    return Promise.resolve();
  }

  override work(handle: (job: ShardJob) => Promise<void>, concurrency: number): Promise<void> {
    this.handle = handle;
    this.concurrency = concurrency;
    this.dispatch();
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    this.closed = true;
    while (this.inHand.size > 0) await Promise.all(this.inHand);
  }

  private dispatch(): void {
    while (!this.closed && this.handle !== undefined && this.inHand.size < this.concurrency) {
      const next = this.waiting.entries().next();
      if (next.done === true) return;
      const [key, job] = next.value;
      this.waiting.delete(key);
      // A handler that throws ends the job: the ledger, not the queue, decides about a repeat.
      const work = this.handle(job)
        .catch(() => undefined)
        .finally(() => {
          this.inHand.delete(work);
          this.dispatch();
        });
      this.inHand.add(work);
    }
  }
}

function keyOf({ runId, stage, shard }: ShardJob): string {
  return `${runId}-${stage}-${shard}`;
}
