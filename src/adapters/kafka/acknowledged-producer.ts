// A producer whose promise resolves when every in-sync replica has the message.
import { DomainError } from '../../core';
import {
  connect,
  disconnect,
  kafkaFault,
  loadRdkafka,
  partitionsOf,
  type RdkafkaProducer,
} from './rdkafka';

const CONNECT_TIMEOUT_MS = 15_000;
const POLL_MS = 5; // delivery reports are fetched by polling; 5 ms bounds the added latency
const ERR_QUEUE_FULL = -184; // librdkafka: RD_KAFKA_RESP_ERR__QUEUE_FULL
const FLUSH_TIMEOUT_MS = 10_000;

export interface OutgoingMessage {
  readonly topic: string;
  readonly key: string;
  readonly value: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: DomainError) => void;
}

/** Idempotent (no duplicate by a retry of its own), ordered per key, acks=all. */
export class AcknowledgedProducer {
  private opening: Promise<RdkafkaProducer> | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private sequence = 0;

  constructor(private readonly brokers: string) {}

  /** Resolves when acknowledged; rejects with LOG_UNAVAILABLE after the message timeout. */
  async send(message: OutgoingMessage): Promise<void> {
    const producer = await this.opened();
    const sequence = (this.sequence += 1);
    const acknowledged = new Promise<void>((resolve, reject) => {
      this.waiting.set(sequence, { resolve, reject });
    });
    const headers = Object.entries(message.headers).map(([name, value]) => ({ [name]: value }));
    for (;;) {
      try {
        producer.produce(
          message.topic,
          null,
          Buffer.from(message.value),
          message.key,
          null,
          sequence,
          headers,
        );
        return await acknowledged;
      } catch (error) {
        if (!isQueueFull(error)) {
          this.waiting.delete(sequence);
          throw error instanceof DomainError
            ? error
            : new DomainError(
                'LOG_UNAVAILABLE',
                `topic '${message.topic}' took no message`,
                {},
                { cause: error },
              );
        }
        producer.poll();
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    }
  }

  /** Throws LOG_UNAVAILABLE when no broker answers in time. */
  async partitionCount(topic: string, timeoutMs: number): Promise<number> {
    return (await partitionsOf(await this.opened(), topic, timeoutMs)).length;
  }

  async close(): Promise<void> {
    const opening = this.opening;
    if (opening === undefined) return;
    this.opening = undefined;
    const producer = await opening;
    await new Promise<void>((resolve) => producer.flush(FLUSH_TIMEOUT_MS, () => resolve()));
    clearInterval(this.ticker);
    await disconnect(producer);
    for (const { reject } of this.waiting.values()) {
      reject(new DomainError('LOG_UNAVAILABLE', 'the Kafka producer closed before an answer came'));
    }
    this.waiting.clear();
  }

  private opened(): Promise<RdkafkaProducer> {
    if (this.opening === undefined) {
      const opening = this.open();
      this.opening = opening;
      opening.catch(() => {
        if (this.opening === opening) this.opening = undefined; // the next send tries again
      });
    }
    return this.opening;
  }

  private async open(): Promise<RdkafkaProducer> {
    const { Producer } = loadRdkafka();
    const producer = new Producer(
      {
        'metadata.broker.list': this.brokers,
        'enable.idempotence': true,
        'queue.buffering.max.ms': 5,
        'message.timeout.ms': 30_000,
        'reconnect.backoff.max.ms': 1_000,
        'compression.codec': 'lz4',
        dr_cb: true,
      },
      { 'request.required.acks': -1 },
    );
    producer.on('event.error', () => undefined); // delivery reports tell what failed
    producer.on('delivery-report', (error, report) => {
      const sequence = Number(report.opaque);
      const waiting = this.waiting.get(sequence);
      this.waiting.delete(sequence);
      if (error) waiting?.reject(kafkaFault('a message was not acknowledged', error));
      else waiting?.resolve();
    });
    await connect(producer, this.brokers, CONNECT_TIMEOUT_MS);
    this.ticker = setInterval(() => producer.poll(), POLL_MS);
    return producer;
  }
}

function isQueueFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === ERR_QUEUE_FULL;
}
