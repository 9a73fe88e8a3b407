import { mkdtempSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaSampleSource } from '../../src/adapters/kafka';
import { generatedVm } from '../../src/ingest';
import { KafkaBroker, kafkaIsInstalled } from '../servers/kafka-broker';
import { PostgresServer, postgresIsInstalled } from '../servers/postgres-server';
import { RedisServer } from '../servers/redis-server';
import { freePort } from '../servers/free-port';
import { hostMinutes, produceFleet } from './fleet-producer';
import { cli, Client, pause, Process, requireBuild, until } from './processes';

const HOUR_MS = 3_600_000;
const FLEET = { seed: 7, vmCount: 40 };
const DAYS = 9;
const SAMPLE_TOPIC = 'vm.cpu.minute';
const WINDOW_TOPIC = 'lm.windows.v1';
const OUTCOME_TOPIC = 'lm.outcomes.v1';

interface History {
  readonly values: readonly (number | null)[];
}

const complete = kafkaIsInstalled() && postgresIsInstalled();
const describeWithServers = complete ? describe : describe.skip;

describeWithServers('the night with real servers, beside the embedded one and a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-e2e-'));
  const endMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const startMs = endMs - DAYS * 24 * HOUR_MS;
  const end = new Date(endMs).toISOString();
  let broker: KafkaBroker;
  let postgres: PostgresServer;
  let redis: RedisServer;
  let environment: Record<string, string>;
  const processes: Process[] = [];

  const startMain = async (): Promise<Process> => {
    const main = Process.start('main.js', [], environment);
    processes.push(main);
    await main.says(/slackwater .*: http/);
    return main;
  };
  const startWorker = async (): Promise<Process> => {
    const worker = Process.start('worker.js', [], environment);
    processes.push(worker);
    await worker.says(/slackwater .*: worker/);
    return worker;
  };

  beforeAll(async () => {
    requireBuild();
    [broker, postgres, redis] = await Promise.all([
      KafkaBroker.start(),
      PostgresServer.start(),
      RedisServer.start(),
    ]);
    await broker.createTopic(SAMPLE_TOPIC, 2);
    await broker.createTopic(WINDOW_TOPIC, 3);
    await broker.createTopic(OUTCOME_TOPIC, 3);
    mkdirSync(join(folder, 'objects'));
    environment = {
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      KAFKA_BROKERS: broker.brokers,
      OBJECT_DIR: join(folder, 'objects'),
      DATA_DIR: join(folder, 'main'),
      HTTP_PORT: String(await freePort()),
      NIGHT_AT: 'off',
      SHARD_SIZE: '6',
      LEASE_MS: '3000',
      LOG_LEVEL: 'warn',
    };
  }, 120_000);

  afterAll(async () => {
    for (const one of processes) await one.end('SIGKILL');
    await Promise.all([broker?.stop(), postgres?.stop(), redis?.stop()]);
  }, 60_000);

  it('gives the same bytes in all three, though each process and the broker are killed once', async () => {
    // Given the fleet on the topic, and the processes, some of which die while they read it.
    let main = await startMain();
    let first = await startWorker();
    let second = await startWorker();
    const producing = produceFleet(
      broker.brokers,
      SAMPLE_TOPIC,
      hostMinutes(FLEET, startMs, endMs + 3 * 60_000),
    );
    await pause(1_500);
    await first.end('SIGKILL');
    first = await startWorker();
    await pause(700);
    await broker.kill();
    await broker.restart();
    await producing;
    await main.end('SIGKILL');
    main = await startMain();
    const client = Client.of(`http://127.0.0.1:${environment.HTTP_PORT}`, environment.DATA_DIR);
    const vms = Array.from({ length: FLEET.vmCount }, (_, vm) => generatedVm(FLEET, vm));
    const items = vms.map(({ loadClass: _, ...vm }) => vm);
    expect(await client.json('/v1/vms', 'PUT', { items })).toEqual({ described: FLEET.vmCount });
    await until('the last bucket of every VM', async () => {
      for (const { vmId } of vms) {
        const path = `/v1/vms/${vmId}/history?from=${endMs - HOUR_MS}&to=${endMs}&step=300`;
        const history = await client.json<History>(path).catch(() => undefined);
        if (history === undefined || history.values.at(-1) === null) return undefined;
      }
      return true;
    });

    // When the night runs, and a worker dies in it.
    const run = await client.json<{ runId: string }>('/v1/runs', 'POST', { at: end });
    await until('the first shard', async () => {
      const view = await client.json<{ progress: { done: number }[] }>(`/v1/runs/${run.runId}`);
      return view.progress.some((stage) => stage.done > 0) ? true : undefined;
    });
    await second.end('SIGKILL');
    second = await startWorker();
    const published = await until('the publication', async () => {
      const view = await client.json<{ status: string }>(`/v1/runs/${run.runId}`);
      return view.status === 'running' ? undefined : view;
    });
    expect(published.status).toBe('published');

    // Then the topic, the embedded run, and the file run carry the same documents.
    const topic = await windowsOnTopic(broker.brokers, FLEET.vmCount);
    const file = fileRun(folder, end);
    const embedded = await embeddedRun(folder, end);
    expect(file).toHaveLength(FLEET.vmCount);
    expect(embedded).toEqual(file);
    expect(topic).toEqual(file);
    expect([first.exited, second.exited, main.exited]).toEqual([false, false, false]);
  }, 400_000);

  it('is found well by the doctor', () => {
    const report = JSON.parse(cli(['doctor', '-o', 'json'], environment)) as {
      checks: { subject: string; verdict: string }[];
    };
    const verdicts = Object.fromEntries(report.checks.map((one) => [one.subject, one.verdict]));
    expect(verdicts).toMatchObject({
      node: 'ok',
      postgresql: 'ok',
      'postgresql clock': 'ok',
      'postgresql permissions': 'ok',
      redis: 'ok',
      'redis eviction': 'ok',
      kafka: 'ok',
      [`kafka topic ${SAMPLE_TOPIC}`]: 'ok',
      [`kafka topic ${WINDOW_TOPIC}`]: 'ok',
      [`kafka topic ${OUTCOME_TOPIC}`]: 'ok',
    });
  });
});

/** Documents on the topic by VM; the same event may come twice, never two different ones. */
async function windowsOnTopic(brokers: string, vmCount: number): Promise<readonly string[]> {
  const source = new KafkaSampleSource({ brokers, topic: WINDOW_TOPIC, groupId: 'executor' });
  await source.open([]);
  const byVm = new Map<string, string>();
  await until('the windows on the topic', async () => {
    const batch = await source.read({ maxSamples: 500, waitMs: 300 });
    for (const record of batch?.records ?? []) {
      const text = Buffer.from(record.body).toString('utf8');
      const { vmId } = JSON.parse(text) as { vmId: string };
      if (byVm.has(vmId)) expect(byVm.get(vmId)).toBe(text);
      byVm.set(vmId, text);
    }
    return byVm.size === vmCount ? true : undefined;
  });
  await source.close();
  return [...byVm.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
}

function fileRun(folder: string, end: string): readonly string[] {
  const [samples, vms, out] = ['samples.csv.gz', 'vms.csv', 'file'].map((name) =>
    join(folder, name),
  );
  const fleet = [
    '--vms',
    String(FLEET.vmCount),
    '--days',
    String(DAYS),
    '--seed',
    String(FLEET.seed),
  ];
  cli(['generate', ...fleet, '--end', end, '--out', samples, '--vms-out', vms]);
  cli([
    'run',
    '--input',
    samples,
    '--step',
    '60',
    '--vms',
    vms,
    '--at',
    end,
    '--out',
    out,
    '--shard-size',
    '11',
    '--no-fleet-models', // a service without a champion has none either
  ]);
  return readFileSync(join(out, 'windows.jsonl'), 'utf8').trimEnd().split('\n');
}

async function embeddedRun(folder: string, end: string): Promise<readonly string[]> {
  const dataDir = join(folder, 'embedded');
  const args = [
    'demo',
    '--vms',
    String(FLEET.vmCount),
    '--days',
    String(DAYS),
    '--seed',
    String(FLEET.seed),
    '--end',
    end,
  ];
  const demo = Process.start('cli.js', args, { DATA_DIR: dataDir, HTTP_PORT: '0' });
  try {
    const [, url] = await demo.says(/The page: (http:\/\/[^/]+)\//, 120_000);
    const client = Client.of(url, dataDir);
    return await until('the feed of the embedded run', async () => {
      const documents = await client.feedDocuments();
      return documents.length === FLEET.vmCount ? documents : undefined;
    });
  } finally {
    await demo.end('SIGINT');
  }
}
