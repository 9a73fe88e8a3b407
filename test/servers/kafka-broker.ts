// A real Kafka broker (KRaft, one node) from the jars that scripts/setup-servers.mjs fetched.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { loadRdkafka } from '../../src/adapters/kafka';
import { freePort } from './free-port';
import { ServerProcess } from './server-process';

const JARS = resolve(__dirname, '../../.setup/kafka-broker');

export function kafkaIsInstalled(): boolean {
  return existsSync(JARS) && existsSync(resolve(__dirname, '../../node_modules/node-rdkafka'));
}

export class KafkaBroker {
  private constructor(
    private readonly server: ServerProcess,
    readonly brokers: string,
  ) {}

  static async start(): Promise<KafkaBroker> {
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-kafka-'));
    const [port, controllerPort] = [await freePort(), await freePort()];
    const file = join(folder, 'server.properties');
    writeFileSync(file, properties(folder, port, controllerPort));
    const classes = `${JARS}/*`;
    execFileSync(
      'java',
      [
        '-cp',
        classes,
        'kafka.tools.StorageTool',
        'format',
        '-t',
        'MkU3OEVBNTcwNTJENDM2Qk',
        '-c',
        file,
      ],
      { stdio: 'pipe' },
    );
    const server = new ServerProcess({
      name: 'Kafka',
      command: 'java',
      args: [
        '-Xmx512m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dkafka.logs.dir=${folder}`,
        '-cp',
        classes,
        'kafka.Kafka',
        file,
      ],
      port,
      logFile: join(folder, 'broker.log'),
    });
    await server.start(60_000);
    return new KafkaBroker(server, `127.0.0.1:${port}`);
  }

  /** Creates a topic, and waits until the broker has taken it over. */
  async createTopic(topic: string, partitions: number): Promise<void> {
    const admin = loadRdkafka().AdminClient.create({ 'metadata.broker.list': this.brokers });
    const description = { topic, num_partitions: partitions, replication_factor: 1 };
    try {
      await new Promise<void>((done, reject) => {
        admin.createTopic(description, 20_000, (error) => {
          if (error) reject(new Error(error.message));
          else done();
        });
      });
    } finally {
      admin.disconnect();
    }
  }

  kill(): Promise<void> {
    return this.server.stop('SIGKILL');
  }

  restart(): Promise<void> {
    return this.server.start(60_000);
  }

  stop(): Promise<void> {
    return this.server.stop('SIGKILL'); // a test's broker has nothing to save
  }
}

function properties(folder: string, port: number, controllerPort: number): string {
  return [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controllerPort}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `log.dirs=${folder}/logs`,
    'auto.create.topics.enable=false',
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=4',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'transaction.state.log.num.partitions=4',
    'share.coordinator.state.topic.replication.factor=1',
    'share.coordinator.state.topic.min.isr=1',
    'share.coordinator.state.topic.num.partitions=4',
    'group.initial.rebalance.delay.ms=0',
    'log.cleaner.dedupe.buffer.size=16777216',
    // Without these two a restart after SIGKILL takes 12 s.
    'broker.session.timeout.ms=2000',
    'broker.heartbeat.interval.ms=250',
  ].join('\n');
}
