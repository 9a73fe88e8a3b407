// What `slackwater doctor` asks a Kafka cluster.
import { connect, disconnect, loadRdkafka, partitionsOf } from './rdkafka';

export interface KafkaFacts {
  readonly librdkafkaVersion: string;
  /** Partition count by topic; undefined where the topic does not exist. */
  readonly partitions: ReadonlyMap<string, number | undefined>;
}

const TIMEOUT_MS = 8_000;

/** Throws CONFIG_INVALID without node-rdkafka, LOG_UNAVAILABLE when no broker answers. */
export async function probeKafka(brokers: string, topics: readonly string[]): Promise<KafkaFacts> {
  const { Producer, librdkafkaVersion } = loadRdkafka();
  const client = new Producer(
    { 'metadata.broker.list': brokers, 'allow.auto.create.topics': false },
    {},
  );
  client.on('event.error', () => undefined); // connect() reports it
  await connect(client, brokers, TIMEOUT_MS);
  try {
    const partitions = new Map<string, number | undefined>();
    for (const topic of topics) {
      const ids = await partitionsOf(client, topic, TIMEOUT_MS).catch(() => undefined);
      partitions.set(topic, ids?.length);
    }
    return { librdkafkaVersion, partitions };
  } finally {
    await disconnect(client);
  }
}
