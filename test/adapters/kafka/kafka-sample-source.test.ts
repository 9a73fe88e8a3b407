import { KafkaSampleLog, KafkaSampleSource } from '../../../src/adapters/kafka';
import { KafkaBroker, kafkaIsInstalled } from '../../servers/kafka-broker';
import type { SampleBatch } from '../../../src/ingest';
import { sampleSourceConformance } from '../../conformance/sample-source.conformance';

const describeWithKafka = kafkaIsInstalled() ? describe : describe.skip;

describeWithKafka('samples through a real Kafka broker', () => {
  let broker: KafkaBroker;
  const topic = 'vm.cpu.minute';

  beforeAll(async () => {
    broker = await KafkaBroker.start();
    await broker.createTopic(topic, 2);
    const log = new KafkaSampleLog(broker.brokers, topic);
    await Promise.all(Array.from({ length: 200 }, (_, index) => log.append(recordOf(index))));
    await log.close();
  }, 90_000);

  afterAll(() => broker.stop());

  it('delivers the records of one partition in the order in which they were appended', async () => {
    const bodies = await readAll(broker.brokers, []);
    expect(bodies.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it('goes on at the positions it is opened with, not at what the group committed', async () => {
    const first = await readAll(broker.brokers, [
      { source: 'x', partition: 0, nextOffset: 10 },
      { source: 'x', partition: 1, nextOffset: 10 },
    ]);
    expect(first).toHaveLength(180);
  });

  it('goes on after the broker was killed and came back', async () => {
    const source = new KafkaSampleSource({ brokers: broker.brokers, topic, groupId: 'kill' });
    await source.open([]);
    const seen = new Set<number>();
    await collect(source, seen, 50);
    await broker.kill();
    await broker.restart();
    const log = new KafkaSampleLog(broker.brokers, topic);
    await log.append(recordOf(200));
    await log.close();
    await collect(source, seen, 201);
    await source.close();
    expect(seen.size).toBe(201);
  }, 60_000);

  it('says which topic is missing', async () => {
    const source = new KafkaSampleSource({ brokers: broker.brokers, topic: 'none', groupId: 'g' });
    await expect(source.open([])).rejects.toThrow("'none'");
    await source.close();
  });
});

function recordOf(index: number) {
  return {
    key: `h${index % 7}`,
    contentType: 'application/json',
    body: Buffer.from(String(index)),
  };
}

async function readAll(
  brokers: string,
  positions: Parameters<KafkaSampleSource['open']>[0],
): Promise<number[]> {
  const source = new KafkaSampleSource({ brokers, topic: 'vm.cpu.minute', groupId: 'all' });
  await source.open(positions);
  const bodies: number[] = [];
  const lastOffset = new Map<number, number>();
  for (let idle = 0; idle < 4;) {
    const batch = await source.read({ maxSamples: 50, waitMs: 500 });
    if (batch === undefined) {
      idle += 1;
      continue;
    }
    idle = 0;
    inOrder(batch, lastOffset);
    bodies.push(...batch.records.map((record) => Number(Buffer.from(record.body).toString())));
    await source.commit(batch.next);
  }
  await source.close();
  return bodies;
}

function inOrder(batch: SampleBatch, lastOffset: Map<number, number>): void {
  for (const record of batch.records) {
    expect(record.offset).toBeGreaterThan(lastOffset.get(batch.next.partition) ?? -1);
    lastOffset.set(batch.next.partition, record.offset);
  }
}

async function collect(source: KafkaSampleSource, seen: Set<number>, until: number): Promise<void> {
  while (seen.size < until) {
    const batch = await source.read({ maxSamples: 50, waitMs: 500 });
    for (const record of batch?.records ?? [])
      seen.add(Number(Buffer.from(record.body).toString()));
  }
}

describeWithKafka('with one broker', () => {
  let broker: KafkaBroker;
  let topics = 0;
  beforeAll(async () => {
    broker = await KafkaBroker.start();
  }, 90_000);
  afterAll(() => broker?.stop());

  sampleSourceConformance('Kafka', async () => {
    topics += 1;
    const topic = `samples-${topics}`;
    await broker.createTopic(topic, 2);
    const log = new KafkaSampleLog(broker.brokers, topic);
    const settings = { brokers: broker.brokers, topic, groupId: `group-${topics}` };
    return { log, open: () => new KafkaSampleSource(settings), close: () => log.close() };
  });
});
