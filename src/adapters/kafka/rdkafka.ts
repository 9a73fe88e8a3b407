// The part of node-rdkafka that is used, typed here because the package is an optional peer.
import { createRequire } from 'node:module';
import { DomainError } from '../../core';

export interface RdkafkaError {
  readonly message: string;
  readonly code: number;
}

export interface RdkafkaMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Buffer | null;
  readonly headers?: readonly Readonly<Record<string, Buffer | string>>[];
}

export interface DeliveryReport {
  readonly opaque?: unknown;
  readonly offset: number;
}

interface Metadata {
  readonly brokers: readonly { readonly id: number }[];
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly id: number }[];
  }[];
}

interface Client {
  connect(
    options: { readonly timeout: number },
    done: (error: RdkafkaError | null, metadata?: Metadata) => void,
  ): void;
  disconnect(done: () => void): void;
  getMetadata(
    options: { readonly topic?: string; readonly timeout: number },
    done: (error: RdkafkaError | null, metadata: Metadata) => void,
  ): void;
  on(event: 'event.error', listener: (error: RdkafkaError) => void): void;
}

export interface RdkafkaConsumer extends Client {
  assign(
    partitions: readonly {
      readonly topic: string;
      readonly partition: number;
      readonly offset: number;
    }[],
  ): void;
  setDefaultConsumeTimeout(timeoutMs: number): void;
  consume(
    count: number,
    done: (error: RdkafkaError | null, messages: readonly RdkafkaMessage[]) => void,
  ): void;
  commit(position: {
    readonly topic: string;
    readonly partition: number;
    readonly offset: number;
  }): void;
  unassign(): void;
}

export interface RdkafkaProducer extends Client {
  produce(
    topic: string,
    partition: number | null,
    value: Buffer,
    key: string,
    timestamp: number | null,
    opaque: unknown,
    headers?: readonly Readonly<Record<string, string>>[],
  ): void;
  poll(): void;
  flush(timeoutMs: number, done: (error: RdkafkaError | null) => void): void;
  on(event: 'event.error', listener: (error: RdkafkaError) => void): void;
  on(
    event: 'delivery-report',
    listener: (error: RdkafkaError | null, report: DeliveryReport) => void,
  ): void;
}

type Settings = Readonly<Record<string, string | number | boolean>>;

export interface Rdkafka {
  readonly librdkafkaVersion: string;
  readonly KafkaConsumer: new (settings: Settings, topicSettings: Settings) => RdkafkaConsumer;
  readonly Producer: new (settings: Settings, topicSettings: Settings) => RdkafkaProducer;
  readonly AdminClient: {
    create(settings: Settings): {
      createTopic(
        topic: {
          readonly topic: string;
          readonly num_partitions: number;
          readonly replication_factor: number;
          readonly config?: Readonly<Record<string, string>>;
        },
        timeoutMs: number,
        done: (error?: RdkafkaError) => void,
      ): void;
      disconnect(): void;
    };
  };
}

/** Loads the package; throws CONFIG_INVALID with the command that installs it where it is absent. */
export function loadRdkafka(): Rdkafka {
  try {
    return createRequire(__filename)('node-rdkafka') as Rdkafka;
  } catch (cause) {
    throw new DomainError(
      'CONFIG_INVALID',
      'KAFKA_BROKERS is set, but node-rdkafka is not installed; run "npm run setup:kafka"',
      { field: 'KAFKA_BROKERS' },
      { cause },
    );
  }
}

/** Connects, or throws LOG_UNAVAILABLE naming the brokers. */
export function connect(client: Client, brokers: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.connect({ timeout: timeoutMs }, (error) => {
      if (error) reject(kafkaFault(`Kafka at ${brokers} did not answer`, error));
      else resolve();
    });
  });
}

export function disconnect(client: Client): Promise<void> {
  return new Promise((resolve) => client.disconnect(resolve));
}

/** Partition ids of a topic, ascending; throws LOG_UNAVAILABLE when the topic is not there. */
export function partitionsOf(
  client: Client,
  topic: string,
  timeoutMs: number,
): Promise<readonly number[]> {
  return new Promise((resolve, reject) => {
    client.getMetadata({ topic, timeout: timeoutMs }, (error, metadata) => {
      if (error) {
        reject(kafkaFault(`the partitions of topic '${topic}' are unknown`, error));
        return;
      }
      const found = metadata.topics.find((candidate) => candidate.name === topic);
      if (found === undefined || found.partitions.length === 0) {
        reject(new DomainError('LOG_UNAVAILABLE', `topic '${topic}' does not exist`, { topic }));
        return;
      }
      resolve(found.partitions.map((partition) => partition.id).toSorted((a, b) => a - b));
    });
  });
}

export function kafkaFault(what: string, error: RdkafkaError): DomainError {
  return new DomainError('LOG_UNAVAILABLE', `${what}: ${error.message}`, { kafkaCode: error.code });
}
