// POST /v1/samples with Kafka: the record goes to the topic, the answer comes after its acknowledgement.
import { SampleLog } from '../../ingest';
import { AcknowledgedProducer } from './acknowledged-producer';

export class KafkaSampleLog extends SampleLog {
  private readonly producer: AcknowledgedProducer;

  constructor(
    brokers: string,
    private readonly topic: string,
  ) {
    super();
    this.producer = new AcknowledgedProducer(brokers);
  }

  override append(record: {
    readonly key: string;
    readonly contentType: string;
    readonly body: Uint8Array;
  }): Promise<void> {
    return this.producer.send({
      topic: this.topic,
      key: record.key,
      value: record.body,
      headers: { 'content-type': record.contentType },
    });
  }

  /** For readiness. Throws LOG_UNAVAILABLE when no broker answers in time. */
  partitionCount(timeoutMs: number): Promise<number> {
    return this.producer.partitionCount(this.topic, timeoutMs);
  }

  override close(): Promise<void> {
    return this.producer.close();
  }
}
