// A feed on a Kafka topic: CloudEvents in binary mode, keyed by VM, signed where there is a key.
import { FeedSink, kafkaEvent, type FeedEvent, type FeedSigner } from '../../migration';
import { AcknowledgedProducer } from './acknowledged-producer';

export interface KafkaFeedSettings {
  readonly brokers: string;
  readonly topic: string;
  /** Type of the events: `lm.windows.v1`, `lm.outcomes.v1`. */
  readonly type: string;
  readonly signer?: FeedSigner;
}

/** Ordered per VM by its key; a repeat after a crash carries the same event id. */
export class KafkaFeedSink extends FeedSink {
  override readonly name: string;
  private readonly producer: AcknowledgedProducer;

  constructor(private readonly settings: KafkaFeedSettings) {
    super();
    this.name = `kafka:${settings.topic}`;
    this.producer = new AcknowledgedProducer(settings.brokers);
  }

  override async deliver(tenantId: string, events: readonly FeedEvent[]): Promise<void> {
    const { topic, type, signer } = this.settings;
    await Promise.all(
      events.map((event) => {
        const { key, headers, value } = kafkaEvent(tenantId, event, type, signer);
        return this.producer.send({ topic, key, headers, value: Buffer.from(value) });
      }),
    );
  }

  override close(): Promise<void> {
    return this.producer.close();
  }
}
