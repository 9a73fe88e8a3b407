import { execFileSync } from 'node:child_process';
import { BullmqJobQueue, probeRedis } from '../../../src/adapters/bullmq';
import { jobQueueConformance } from '../../conformance/job-queue.conformance';
import { RedisServer } from '../../servers/redis-server';
import { freshDatabaseUrl } from '../postgres/database-lab';

jobQueueConformance('BullMQ on PostgreSQL', async () => {
  const url = await freshDatabaseUrl();
  return {
    open: () => new BullmqJobQueue({ kind: 'postgres', url }),
    close: async () => undefined,
  };
});

const hasRedis = (() => {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false; // not installed: the suite says that it was skipped
  }
})();

(hasRedis ? describe : describe.skip)('with a real Redis', () => {
  jobQueueConformance('BullMQ on Redis', async () => {
    const redis = await RedisServer.start();
    return {
      open: () => new BullmqJobQueue({ kind: 'redis', url: redis.url }),
      close: () => redis.stop(),
    };
  });

  it('goes on after Redis died and came back empty, once jobs are added again', async () => {
    const redis = await RedisServer.start();
    const queue = new BullmqJobQueue({ kind: 'redis', url: redis.url });
    const seen: number[] = [];
    await queue.work(async ({ shard }) => void seen.push(shard), 1);
    await queue.add([{ runId: 'r', stage: 'prepare', shard: 1 }]);
    while (seen.length < 1) await new Promise((resolve) => setTimeout(resolve, 20));
    await redis.kill();
    await redis.restart();
    await queue.add([{ runId: 'r', stage: 'prepare', shard: 2 }]);
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(seen).toEqual([1, 2]);
    await queue.close();
    await redis.stop();
  });

  it('tells the doctor the version and the eviction policy', async () => {
    const redis = await RedisServer.start('allkeys-lru');
    const facts = await probeRedis(redis.url);
    expect(facts.maxmemoryPolicy).toBe('allkeys-lru');
    expect(Number(facts.version.split('.')[0])).toBeGreaterThanOrEqual(6);
    await redis.stop();
    await expect(probeRedis(redis.url)).rejects.toThrow('Redis did not answer');
  });
});
