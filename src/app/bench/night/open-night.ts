// Everything a measured night needs: stored fleet, PostgreSQL, last night, trained models. None of it is timed.
import { join } from 'node:path';
import { EmbeddedPostgres, InProcessJobQueue, MemoryRollupStore } from '../../../adapters/embedded';
import { LocalObjectStore } from '../../../adapters/object-store';
import {
  Database,
  PostgresLedger,
  PostgresTenants,
  PostgresWindowStore,
} from '../../../adapters/postgres';
import { DAY_MS, DEFAULT_TENANT, DomainError, HOUR_MS, ManualClock } from '../../../core';
import { HistoryReader } from '../../../features';
import type { ObjectStore } from '../../../ingest';
import { openKernels, RULES, type Arena, type Kernels } from '../../../kernels';
import { NightWindowPlanner } from '../../../migration';
import { LSTM } from '../../../models';
import type { NightPorts, RunRequest } from '../../../predict';
import { memoryNight, pinnedKernels } from '../../files/memory-night';
import { startProgress } from '../../progress';
import { CODE_VERSION } from '../../version';
import { fleetModelOf, trainForNight } from './fleet-models';
import { publishLastNight } from './last-night';
import { Meter, Stopwatch } from './measure';
import { SHAPES_MAX, STEPS, storeFleet } from './store-fleet';

export interface NightOptions {
  readonly vms: number;
  readonly step: string;
  readonly days: number;
  readonly workers: number;
  readonly shardSize: number;
  readonly models: string;
  readonly lstm: boolean;
  readonly verify: number;
}

export interface BenchNight {
  readonly ports: NightPorts;
  readonly request: RunRequest;
  readonly meter: Meter;
  readonly stopwatch: Stopwatch;
  readonly bytes: { read: number; written: number };
  /** The same night on the reference's kernels, the fleet's models too. */
  readonly reference: Pick<NightPorts, 'kernels' | 'fleetModel'>;
  close(): Promise<void>;
}

const END_MS = Date.UTC(2026, 10, 24);
const SEED = 1;

export async function openBenchNight(options: NightOptions, folder: string): Promise<BenchNight> {
  const stepMs = STEPS[options.step];
  if (stepMs === undefined) {
    throw new DomainError(
      'REQUEST_INVALID',
      `--step is '${options.step}'; 3600 or 300 is accepted`,
    );
  }
  const { vms: vmCount, days } = options;
  const objects = new LocalObjectStore(join(folder, 'objects'));
  const progress = startProgress('Storing the fleet', days + 1);
  const fleet = { seed: SEED, vmCount };
  // One day more: last night looked back as far.
  const stored = { fleet, endMs: END_MS, days: days + 1, steps: [stepMs] };
  const rollups = await storeFleet(stored, objects, (done) => progress.update(done));
  progress.end(`${vmCount} VMs`);
  const { postgres, database } = await openServer(folder);
  const kernels = openKernels('auto', { threads: 1 });
  const named = options.models.split(',').filter((name) => name !== '');
  const names = [...RULES, ...named, ...(options.lstm ? [LSTM] : [])];
  const request = requestOf(options, names, stepMs, kernels);
  const slow = openKernels('reference');
  const clock = new ManualClock(END_MS);
  const windows = new PostgresWindowStore(database);
  const stopwatch = new Stopwatch();
  const bytes = { read: 0, written: 0 };
  const counted = countedStore(objects, bytes);
  const small = await smallPorts(rollups, objects, clock);
  const trained = await trainForNight(small.tenant(DEFAULT_TENANT).history, {
    names,
    stepMs,
    horizon: DAY_MS / stepMs,
    atMs: END_MS - DAY_MS, // last night knew no more
    days: days - 1,
    seriesCount: Math.min(vmCount, SHAPES_MAX),
  });
  const ports: NightPorts = {
    ledger: new PostgresLedger(database),
    queue: new InProcessJobQueue(),
    objects: stopwatch.wrap('files', counted),
    planner: new NightWindowPlanner(
      stopwatch.wrap('postgres', windows, ['stage', 'publish', 'revisions', 'policies']),
    ),
    clock,
    tenant: () => ({
      rollups,
      history: stopwatch.wrap('history', new HistoryReader(rollups, counted, kernels.history)),
    }),
    kernels: (name, wanted) => timedKernels(pinnedKernels(kernels, name, wanted), stopwatch),
    fleetModel: fleetModelOf(trained, timedKernels(kernels, stopwatch)),
  };
  const shapes = { ...small, fleetModel: fleetModelOf(trained, openKernels('auto')) };
  await publishLastNight(request, shapes, ports, windows);
  for (const name of Object.keys(stopwatch.seconds)) delete stopwatch.seconds[name];
  Object.assign(bytes, { read: 0, written: 0 });
  return {
    ports,
    request,
    meter: new Meter(postgres.pid),
    stopwatch,
    bytes,
    reference: { kernels: () => slow, fleetModel: fleetModelOf(trained, slow) },
    async close() {
      await ports.queue.close();
      await database.close();
      await postgres.stop();
    },
  };
}

async function openServer(folder: string) {
  const postgres = await EmbeddedPostgres.start({ folder: join(folder, 'postgres') });
  const database = await Database.open({ url: postgres.url });
  const tenants = new PostgresTenants(postgres.url);
  await tenants.ensure({ tenantId: DEFAULT_TENANT, timeZone: 'UTC' });
  await tenants.close();
  return { postgres, database };
}

function requestOf(
  { shardSize }: NightOptions,
  names: readonly string[],
  stepMs: number,
  kernels: Kernels,
): RunRequest {
  const { backend, isa } = kernels.report();
  const isHourly = stepMs === HOUR_MS;
  return {
    tenantId: DEFAULT_TENANT,
    timeZone: 'UTC',
    atMs: END_MS,
    shardSize,
    backend,
    isa,
    codeVersion: CODE_VERSION,
    horizons: isHourly ? { hourly: 24, fiveMinute: 0 } : { hourly: 0, fiveMinute: 288 },
    models: { hourly: names, fiveMinute: names },
  };
}

/** The night of the shapes' VMs alone. */
async function smallPorts(
  rollups: MemoryRollupStore,
  objects: ObjectStore,
  clock: ManualClock,
): Promise<NightPorts> {
  const night = memoryNight('auto', clock, objects);
  const known = (await rollups.vms()).slice(0, SHAPES_MAX);
  await night.rollups.describeVms(known.map(({ vmIndex: _, ...vm }) => vm));
  const { history } = night.ports.tenant(DEFAULT_TENANT);
  const records = await Promise.all(
    [HOUR_MS, 300_000].map((stepMs) => rollups.segments(0, END_MS, stepMs)),
  );
  for (let dayMs = END_MS - 70 * DAY_MS; dayMs < END_MS; dayMs += DAY_MS) {
    const day = records
      .flat()
      .filter((one) => one.dayMs === dayMs && one.firstVmIndex < SHAPES_MAX);
    if (day.length > 0) await night.rollups.replaceBlocks(day, []);
  }
  return { ...night.ports, tenant: () => ({ rollups: night.rollups, history }) };
}

function timedKernels(kernels: Kernels, stopwatch: Stopwatch): Kernels {
  const families = new Map<PropertyKey, unknown>();
  return new Proxy(kernels, {
    get: (of, key) => {
      if (key === 'within') return (arena: Arena) => timedKernels(of.within(arena), stopwatch);
      const value: unknown = Reflect.get(of, key, of);
      if (typeof value === 'function') return value.bind(of);
      if (typeof value !== 'object' || value === null) return value;
      const timed = families.get(key) ?? stopwatch.wrap(`kernels.${String(key)}`, value);
      families.set(key, timed);
      return timed;
    },
  });
}

function countedStore(
  objects: LocalObjectStore,
  bytes: { read: number; written: number },
): ObjectStore {
  return new Proxy(objects, {
    get: (of, key) => {
      const value: unknown = Reflect.get(of, key, of);
      if (typeof value !== 'function') return value;
      const method = value.bind(of) as (...args: unknown[]) => unknown;
      return async (...args: unknown[]): Promise<unknown> => {
        const result = await method(...args);
        if (key === 'put') bytes.written += (args[1] as Uint8Array).length;
        else if (result instanceof Uint8Array) bytes.read += result.length;
        return result;
      };
    },
  });
}
