// The servers: reachable, version, clock, permissions, Redis noeviction, topics.
import { probeRedis } from '../../adapters/bullmq';
import { probeKafka } from '../../adapters/kafka';
import { probePostgres } from '../../adapters/postgres';
import { DomainError } from '../../core';
import { failed, ok, warning, type Check } from './check';

const CLOCK_SKEW_MS_MAX = 2_000; // leases are 10 s and more: two seconds never cost one
const POSTGRES_VERSION_MIN = 150_000;
const REDIS_MAJOR_MIN = 7;

export async function checkPostgres(url: string): Promise<readonly Check[]> {
  return guarded('postgresql', 'Check DATABASE_URL and the server.', async () => {
    const facts = await probePostgres(url);
    const version = `PostgreSQL ${facts.versionText}, ${facts.maxConnections} connections`;
    return [
      facts.versionNumber >= POSTGRES_VERSION_MIN
        ? ok('postgresql', version)
        : failed('postgresql', version, 'Use PostgreSQL 15 or newer.'),
      clockCheck('postgresql clock', facts.serverNowMs),
      facts.mayCreateRoles && facts.mayCreateInSchema
        ? ok('postgresql permissions', 'may create the schema and its roles')
        : failed(
            'postgresql permissions',
            `may create roles: ${facts.mayCreateRoles}, tables: ${facts.mayCreateInSchema}`,
            'GRANT CREATE ON SCHEMA public and CREATEROLE to the user of DATABASE_URL.',
          ),
    ];
  });
}

export async function checkRedis(url: string): Promise<readonly Check[]> {
  return guarded('redis', 'Check REDIS_URL and the server.', async () => {
    const facts = await probeRedis(url);
    const major = Number(facts.version.split('.')[0]);
    return [
      major >= REDIS_MAJOR_MIN
        ? ok('redis', `version ${facts.version}`)
        : failed('redis', `version ${facts.version}`, 'Use Redis 7 or newer, or Valkey.'),
      facts.maxmemoryPolicy === 'noeviction'
        ? ok('redis eviction', 'noeviction')
        : failed(
            'redis eviction',
            `maxmemory-policy is ${facts.maxmemoryPolicy}: jobs would vanish`,
            'CONFIG SET maxmemory-policy noeviction, and in redis.conf.',
          ),
      clockCheck('redis clock', facts.serverNowMs),
    ];
  });
}

export async function checkKafka(
  brokers: string,
  topics: readonly string[],
): Promise<readonly Check[]> {
  return guarded('kafka', 'Check KAFKA_BROKERS and the cluster.', async () => {
    const facts = await probeKafka(brokers, topics);
    const answers = [ok('kafka', `reachable, librdkafka ${facts.librdkafkaVersion}`)];
    for (const [topic, partitions] of facts.partitions) {
      answers.push(
        partitions === undefined
          ? failed(`kafka topic ${topic}`, 'does not exist', 'Create the topic.')
          : ok(`kafka topic ${topic}`, `${partitions} partitions`),
      );
    }
    return answers;
  });
}

function clockCheck(subject: string, serverNowMs: number): Check {
  const skewMs = Math.round(Math.abs(serverNowMs - Date.now()));
  const finding = `${skewMs} ms from this machine's clock`;
  return skewMs <= CLOCK_SKEW_MS_MAX
    ? ok(subject, finding)
    : warning(subject, finding, 'Synchronise both clocks with NTP.');
}

/** A server that does not answer is a finding; anything else is our own fault and is thrown. */
async function guarded(
  subject: string,
  remedy: string,
  ask: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DomainError) return [failed(subject, error.message, remedy)];
    throw error;
  }
}
