// Samples from a Kafka topic: partitions are assigned by hand, since positions live in the store.
import { DomainError, MINUTE_MS } from '../../core';
import { SampleSource, type LogPosition, type LogRecord, type SampleBatch } from '../../ingest';
import {
  connect,
  disconnect,
  kafkaFault,
  loadRdkafka,
  partitionsOf,
  type RdkafkaConsumer,
  type RdkafkaMessage,
} from './rdkafka';

const CONNECT_TIMEOUT_MS = 15_000; // a broker restart takes 5 s on a busy machine
const OFFSET_BEGINNING = -2; // librdkafka: RD_KAFKA_OFFSET_BEGINNING
const RECORDS_AT_ONCE = 500; // a host-minute message is some kB: about 1 MB a call
const ERR_UNKNOWN_OFFSET = -140; // librdkafka: RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET
/** Outages that librdkafka mends by itself: transport, all brokers down, timed out, leader moved. */
const PASSING = new Set([-195, -187, -185, 3, 5, 6]);

export interface KafkaSampleSettings {
  readonly brokers: string;
  readonly topic: string;
  readonly groupId: string;
}

/**
 * One instance reads every partition of the topic. Ownership is the ingest role's lease and the
 * generation in the store: a commit of an older owner is refused there, not here.
 */
export class KafkaSampleSource extends SampleSource {
  override readonly name: string;
  override readonly stepMs = MINUTE_MS;
  private consumer: RdkafkaConsumer | undefined;
  private readonly waiting = new Map<number, RdkafkaMessage[]>();
  private reading: Promise<unknown> = Promise.resolve();

  constructor(private readonly settings: KafkaSampleSettings) {
    super();
    this.name = `kafka:${settings.topic}`;
  }

  /** The partitions of the topic, ascending. Connects when needed. */
  async partitions(): Promise<readonly number[]> {
    const consumer = await this.connected();
    return partitionsOf(consumer, this.settings.topic, CONNECT_TIMEOUT_MS);
  }

  override async open(positions: readonly LogPosition[]): Promise<void> {
    const consumer = await this.connected();
    const next = new Map(positions.map((position) => [position.partition, position.nextOffset]));
    const ids = await partitionsOf(consumer, this.settings.topic, CONNECT_TIMEOUT_MS);
    this.waiting.clear();
    consumer.assign(
      ids.map((partition) => ({
        topic: this.settings.topic,
        partition,
        offset: next.get(partition) ?? OFFSET_BEGINNING,
      })),
    );
  }

  override async read(options: {
    readonly maxSamples: number;
    readonly waitMs: number;
  }): Promise<SampleBatch | undefined> {
    if (this.consumer === undefined) {
      throw new DomainError('LOG_UNAVAILABLE', `${this.name} is read before it was opened`);
    }
    if (this.waiting.size === 0) {
      const reading = this.consume(this.consumer, options);
      this.reading = reading.catch(() => undefined);
      this.distribute(await reading);
    }
    const first = this.waiting.entries().next();
    if (first.done === true) return undefined;
    const [partition, messages] = first.value;
    this.waiting.delete(partition);
    return {
      next: {
        source: this.name,
        partition,
        nextOffset: messages[messages.length - 1].offset + 1,
      },
      records: messages.map(recordOf),
      ended: false,
    };
  }

  override commit(position: LogPosition): Promise<void> {
    // For lag monitors only: the position that counts is committed with its effects in the store.
    this.consumer?.commit({
      topic: this.settings.topic,
      partition: position.partition,
      offset: position.nextOffset,
    });
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    const consumer = this.consumer;
    if (consumer === undefined) return;
    this.consumer = undefined;
    await this.reading; // disconnecting under a pending consume crashes the process
    consumer.unassign();
    await disconnect(consumer);
  }

  private async connected(): Promise<RdkafkaConsumer> {
    if (this.consumer !== undefined) return this.consumer;
    const { KafkaConsumer } = loadRdkafka();
    const consumer = new KafkaConsumer(
      {
        'metadata.broker.list': this.settings.brokers,
        'group.id': this.settings.groupId,
        'enable.auto.commit': false,
        'enable.auto.offset.store': false,
        'reconnect.backoff.max.ms': 1_000,
        'fetch.wait.max.ms': 100,
        'queued.max.messages.kbytes': 65_536,
      },
      // A position that retention has overtaken is data loss: it must be heard, not skipped.
      { 'auto.offset.reset': 'error' },
    );
    consumer.on('event.error', () => undefined); // librdkafka reconnects; read() reports what lasts
    await connect(consumer, this.settings.brokers, CONNECT_TIMEOUT_MS);
    this.consumer = consumer;
    return consumer;
  }

  private consume(
    consumer: RdkafkaConsumer,
    options: { readonly maxSamples: number; readonly waitMs: number },
  ): Promise<readonly RdkafkaMessage[]> {
    consumer.setDefaultConsumeTimeout(Math.max(1, options.waitMs));
    const count = Math.max(1, Math.min(RECORDS_AT_ONCE, options.maxSamples));
    return new Promise((resolve, reject) => {
      consumer.consume(count, (error, messages) => {
        if (!error) {
          resolve(messages);
        } else if (PASSING.has(error.code)) {
          resolve([]);
        } else if (error.code === ERR_UNKNOWN_OFFSET) {
          reject(
            kafkaFault(
              `a committed position is no longer in topic '${this.settings.topic}'; restore it or clear the partition's position`,
              error,
            ),
          );
        } else {
          reject(kafkaFault(`reading topic '${this.settings.topic}' failed`, error));
        }
      });
    });
  }

  private distribute(messages: readonly RdkafkaMessage[]): void {
    for (const message of messages) {
      const list = this.waiting.get(message.partition);
      if (list === undefined) this.waiting.set(message.partition, [message]);
      else list.push(message);
    }
  }
}

function recordOf(message: RdkafkaMessage): LogRecord {
  let contentType = 'application/json';
  for (const header of message.headers ?? []) {
    const value = header['content-type'];
    if (value !== undefined) contentType = value.toString();
  }
  return { offset: message.offset, contentType, body: message.value ?? new Uint8Array(0) };
}
