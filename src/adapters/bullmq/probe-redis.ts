// What `slackwater doctor` asks a Redis server.
import { Redis } from 'ioredis';
import { DomainError } from '../../core';

export interface RedisFacts {
  readonly version: string;
  readonly maxmemoryPolicy: string;
  readonly serverNowMs: number;
}

const TIMEOUT_MS = 5_000;

/** Throws QUEUE_UNAVAILABLE when there is no answer. */
export async function probeRedis(url: string): Promise<RedisFacts> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    retryStrategy: () => null,
  });
  client.on('error', () => undefined); // connect() reports it
  try {
    await client.connect();
    const info = await client.info('server');
    const memory = await client.info('memory');
    const [seconds, micros] = await client.time();
    return {
      version: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
      maxmemoryPolicy: /maxmemory_policy:(\S+)/.exec(memory)?.[1] ?? 'unknown',
      serverNowMs: Number(seconds) * 1_000 + Number(micros) / 1_000,
    };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('QUEUE_UNAVAILABLE', `Redis did not answer: ${why}`, {}, { cause });
  } finally {
    client.disconnect();
  }
}
