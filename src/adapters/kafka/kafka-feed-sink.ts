// The feed on a Kafka topic: CloudEvents in binary mode, one event per VM with its whole list.
import { FeedSink, kafkaEvent, type FeedEntry } from '../../migration';
import { AcknowledgedProducer } from './acknowledged-producer';

/** Ordered per VM by its key; a repeat after a crash carries the same event id. */
export class KafkaFeedSink extends FeedSink {
  override readonly name: string;
  private readonly producer: AcknowledgedProducer;

  constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    super();
    this.name = `kafka:${topic}`;
    this.producer = new AcknowledgedProducer(brokers);
  }

  override async deliver(tenantId: string, entries: readonly FeedEntry[]): Promise<void> {
    await Promise.all(
      entries.map((entry) => {
        const { key, headers, value } = kafkaEvent(tenantId, entry);
        return this.producer.send({ topic: this.topic, key, headers, value: Buffer.from(value) });
      }),
    );
  }

  override close(): Promise<void> {
    return this.producer.close();
  }
}
