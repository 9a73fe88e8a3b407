// A process that is killed: it ingests a generated fleet, or runs its night, on the database given.
// DEFECT plants what the checker has to find.
const { randomBytes } = require('node:crypto');
const path = require('node:path');
const dist = (name) => require(path.join(__dirname, '../../dist', name));
const { SystemClock } = dist('core');
const { Database, PostgresRollupStore, PostgresLedger, PostgresWindowStore, PostgresTenants } =
  dist('adapters/postgres');
const { GeneratorSampleSource, ingestSamples, ROLLUP_SETTINGS, RollupStore } = dist('ingest');
const { BullmqJobQueue } = dist('adapters/bullmq');
const { LocalObjectStore } = dist('adapters/object-store');
const { HistoryReader } = dist('features');
const { openKernels } = dist('kernels');
const { NightWindowPlanner } = dist('migration');
const { runNight } = dist('predict');

const settings = JSON.parse(process.argv[2]);

/** DEFECT=position-first: the position is durable before its effects, and the process dies between. */
class PositionFirst extends RollupStore {
  constructor(store) {
    super();
    this.store = store;
    for (const name of [
      'acquire',
      'vmIndexes',
      'describeVms',
      'vms',
      'block',
      'blockSpan',
      'counters',
    ]) {
      this[name] = (...args) => store[name](...args);
    }
    this.commits = 0;
  }

  async commit(effects) {
    const counters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };
    await this.store.commit({ ...effects, blocks: [], openBlocks: [], quarantine: [], counters });
    this.commits += 1;
    if (this.commits === 1) process.kill(process.pid, 'SIGKILL');
    await this.store.commit(effects);
  }
}

async function ingest(database) {
  const store = new PostgresRollupStore(database, 'north');
  const source = new GeneratorSampleSource(settings.generator);
  await ingestSamples(
    source,
    settings.defect === 'position-first' ? new PositionFirst(store) : store,
    {
      settings: ROLLUP_SETTINGS,
      clock: new SystemClock(),
      partitions: [0],
    },
  );
}

/** DEFECT=publish-early: the flip comes with the first shard that is chosen. */
class PublishEarly extends NightWindowPlanner {
  constructor(windows) {
    super(windows);
    this.windows = windows;
  }

  async choose(run, shard, table, kernels) {
    const chosen = await super.choose(run, shard, table, kernels);
    await this.windows.publish(run.tenantId, run.runId, {}, 0);
    return chosen;
  }
}

async function night(database) {
  const rollups = new PostgresRollupStore(database, 'north');
  const objects = new LocalObjectStore(settings.objects);
  const windows = new PostgresWindowStore(database);
  const kernels = openKernels('auto');
  const { backend, isa } = kernels.report();
  const planner =
    settings.defect === 'publish-early'
      ? new PublishEarly(windows)
      : new NightWindowPlanner(windows);
  const ports = {
    ledger: new PostgresLedger(database),
    queue: new BullmqJobQueue({ kind: 'postgres', url: settings.url }),
    objects,
    planner,
    clock: new SystemClock(),
    tenant: () => ({ rollups, history: new HistoryReader(rollups, objects) }),
    kernels: () => kernels,
  };
  const request = {
    tenantId: 'north',
    timeZone: 'UTC',
    atMs: settings.generator.endMs,
    shardSize: 5,
    backend,
    isa,
    codeVersion: '0',
  };
  const worker = { name: randomBytes(4).toString('hex'), leaseMs: 600 };
  await runNight(request, ports, { workers: 2, worker });
}

async function main() {
  const tenants = new PostgresTenants(settings.url);
  const database = await Database.open({ url: settings.url });
  await tenants.ensure({ tenantId: 'north', timeZone: 'UTC' });
  process.stdout.write('ready\n');
  await (settings.work === 'ingest' ? ingest(database) : night(database));
  process.stdout.write('finished\n');
  process.exit(0);
}

main().catch((error) => {
  process.stdout.write(`failed: ${error.stack}\n`);
  process.exit(1);
});
