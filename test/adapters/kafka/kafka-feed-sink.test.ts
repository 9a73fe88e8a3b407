import { generateKeyPairSync } from 'node:crypto';
import { MemoryFeedStore, MemoryOutcomeStore } from '../../../src/adapters/embedded';
import { KafkaFeedSink, loadRdkafka, type RdkafkaMessage } from '../../../src/adapters/kafka';
import {
  FeedSigner,
  outcomeEventSchema,
  OUTCOMES_TOPIC,
  relayOutcomes,
  verifyDocument,
} from '../../../src/migration';
import { recordOf } from '../../migration/outcomes/outcome-cases';
import { KafkaBroker, kafkaIsInstalled } from '../../servers/kafka-broker';

const describeWithKafka = kafkaIsInstalled() ? describe : describe.skip;
const PARTITIONS = 3;
const OUTCOMES = 40;

describeWithKafka('outcomes on a topic of a real Kafka broker', () => {
  let broker: KafkaBroker;
  const { privateKey } = generateKeyPairSync('ed25519');
  const signer = FeedSigner.ofPem(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    await broker.createTopic(OUTCOMES_TOPIC, PARTITIONS);
  }, 90_000);

  afterAll(() => broker?.stop());

  it('arrive in order per VM, signed, under one id each, though the relay died once', async () => {
    const outcomes = new MemoryOutcomeStore();
    for (let at = 0; at < OUTCOMES; at += 1) {
      await outcomes.put('north', recordOf({ id: `o-${at}`, vmId: `vm-${at % 5}` }));
    }
    const feed = new MemoryFeedStore();
    const settings = { brokers: broker.brokers, topic: OUTCOMES_TOPIC, type: OUTCOMES_TOPIC };
    const sink = new KafkaFeedSink({ ...settings, signer });
    const dying = {
      delivered: feed.delivered.bind(feed),
      markDelivered: () => Promise.reject(new Error('died before the mark')),
    };
    await expect(relayOutcomes('north', { outcomes, feed: dying }, [sink], 10)).rejects.toThrow(
      'died before the mark',
    );
    await relayOutcomes('north', { outcomes, feed }, [sink], 10);
    await sink.close();

    const messages = await readAll(broker.brokers, OUTCOMES + 10);
    const idsOf = new Map<string, string[]>();
    for (const message of messages) {
      const headers = headersOf(message);
      const text = String(message.value);
      const event = outcomeEventSchema.parse(JSON.parse(text));
      expect(headers).toMatchObject({
        ce_specversion: '1.0',
        ce_id: event.eventId,
        ce_type: OUTCOMES_TOPIC,
        ce_subject: event.vmId,
      });
      const signed = {
        keyId: headers['slackwater-key'],
        signature: headers['slackwater-signature'],
      };
      expect(verifyDocument(text, signed, signer.keys)).toBe(true);
      const seen = idsOf.get(event.vmId) ?? [];
      if (!seen.includes(event.id)) seen.push(event.id);
      idsOf.set(event.vmId, seen);
    }
    expect(idsOf.size).toBe(5);
    for (const [vmId, ids] of idsOf) {
      const first = Number(vmId.slice(3));
      expect(ids).toEqual(Array.from({ length: 8 }, (_, at) => `o-${first + 5 * at}`));
    }
  }, 60_000);
});

function headersOf({ headers = [] }: RdkafkaMessage): Readonly<Record<string, string>> {
  const pairs = headers.flatMap((one) => Object.entries(one));
  return Object.fromEntries(pairs.map(([name, value]) => [name, String(value)]));
}

async function readAll(brokers: string, count: number): Promise<readonly RdkafkaMessage[]> {
  const { KafkaConsumer } = loadRdkafka();
  const settings = { 'metadata.broker.list': brokers, 'group.id': 'test' };
  const consumer = new KafkaConsumer(settings, { 'auto.offset.reset': 'earliest' });
  await new Promise<void>((done, reject) => {
    consumer.connect({ timeout: 10_000 }, (error) =>
      error === null || error === undefined ? done() : reject(new Error(error.message)),
    );
  });
  consumer.assign(
    Array.from({ length: PARTITIONS }, (_, partition) => ({
      topic: OUTCOMES_TOPIC,
      partition,
      offset: 0,
    })),
  );
  consumer.setDefaultConsumeTimeout(500);
  const messages: RdkafkaMessage[] = [];
  while (messages.length < count) {
    const some = await new Promise<readonly RdkafkaMessage[]>((done, reject) => {
      consumer.consume(100, (error, read) =>
        error === null || error === undefined ? done(read) : reject(new Error(error.message)),
      );
    });
    messages.push(...some);
  }
  await new Promise<void>((done) => {
    consumer.disconnect(done);
  });
  return messages;
}
