// What every JobQueue promises: it carries work; it may repeat it.
import type { JobQueue, ShardJob } from '../../src/predict';

export interface JobQueueLab {
  /** Another instance on the same server. */
  readonly open: () => JobQueue;
  readonly close: () => Promise<void>;
}

function job(shard: number, stage: ShardJob['stage'] = 'prepare'): ShardJob {
  return { runId: 'run1', stage, shard };
}

async function until(question: () => boolean, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!question()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function jobQueueConformance(name: string, start: () => Promise<JobQueueLab>): void {
  describe(`${name} as a JobQueue`, () => {
    let lab: JobQueueLab;
    const queues: JobQueue[] = [];
    const open = (): JobQueue => {
      const queue = lab.open();
      queues.push(queue);
      return queue;
    };
    beforeEach(async () => {
      lab = await start();
    });
    afterEach(async () => {
      for (const queue of queues.splice(0)) await queue.close();
      await lab?.close();
    });

    it('hands every job to the handler, whether added before or after it', async () => {
      const queue = open();
      const seen = new Set<number>();
      await queue.add([job(0), job(1)]);
      await queue.work(async ({ shard }) => void seen.add(shard), 2);
      await queue.add([job(2), job(3)]);
      await until(() => seen.size === 4);
    });

    it('does a job that is added while it waits once', async () => {
      const queue = open();
      let count = 0;
      await queue.add([job(0)]);
      await queue.add([job(0), job(0)]);
      await queue.work(async () => void (count += 1), 1);
      await queue.add([job(1)]);
      await until(() => count >= 2);
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(count).toBe(2);
    });

    it('takes a job again after it ended, well or with an error', async () => {
      const queue = open();
      let count = 0;
      await queue.work(async () => {
        count += 1;
        if (count === 1) throw new Error('the first time');
      }, 1);
      for (let times = 1; times <= 3; times += 1) {
        await queue.add([job(0)]);
        await until(() => count === times);
        await new Promise((resolve) => setTimeout(resolve, 150)); // until the queue has noted the end
      }
    });

    it('has at most `concurrency` jobs in hand', async () => {
      const queue = open();
      let [inHand, most, done] = [0, 0, 0];
      await queue.add(Array.from({ length: 12 }, (_, shard) => job(shard)));
      await queue.work(async () => {
        inHand += 1;
        most = Math.max(most, inHand);
        await new Promise((resolve) => setTimeout(resolve, 20));
        inHand -= 1;
        done += 1;
      }, 3);
      await until(() => done === 12);
      expect(most).toBeLessThanOrEqual(3);
    });

    it('waits for the jobs in hand when it closes', async () => {
      const queue = open();
      let [begun, ended] = [false, false];
      await queue.work(async () => {
        begun = true;
        await new Promise((resolve) => setTimeout(resolve, 300));
        ended = true;
      }, 1);
      await queue.add([job(0)]);
      await until(() => begun);
      await queue.close();
      expect(ended).toBe(true);
    });
  });
}
