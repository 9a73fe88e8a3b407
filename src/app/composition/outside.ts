// The outside world of one process: servers or their embedded twins, as the configuration says.
import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { BullmqJobQueue } from '../../adapters/bullmq';
import {
  DataFolder,
  EmbeddedPostgres,
  EmbeddedSampleLog,
  EmbeddedSampleSource,
} from '../../adapters/embedded';
import { KafkaSampleLog, KafkaSampleSource } from '../../adapters/kafka';
import { LocalObjectStore } from '../../adapters/object-store';
import {
  Database,
  PostgresClaimStore,
  PostgresFeedStore,
  PostgresLedger,
  PostgresOutcomeStore,
  PostgresPlanStore,
  PostgresModelRegistry,
  PostgresRoleLeases,
  PostgresRollupStore,
  PostgresTenants,
  PostgresTokenStore,
  PostgresTrainingOrders,
  PostgresWindowStore,
} from '../../adapters/postgres';
import type { Config } from '../../config';
import { DomainError, type TokenStore } from '../../core';
import type { ObjectStore, RollupStore, SampleLog } from '../../ingest';
import type { ClaimStore, FeedStore, OutcomeStore, PlanStore, WindowStore } from '../../migration';
import type {
  JobQueue,
  Ledger,
  ModelRegistry,
  RoleLeases,
  TenantCatalog,
  TrainingOrders,
} from '../../predict';
import type { IngestFeed } from '../roles/ingest-role';
import { readiness } from './readiness';
import type { ProcessKind, Readiness } from './service';

export interface Outside {
  readonly ledger: Ledger;
  readonly queue: JobQueue;
  readonly objects: ObjectStore;
  readonly windows: WindowStore;
  readonly feed: FeedStore;
  readonly plans: PlanStore;
  readonly claims: ClaimStore;
  readonly outcomes: OutcomeStore;
  readonly tokens: TokenStore;
  readonly tenants: TenantCatalog;
  readonly leases: RoleLeases;
  readonly models: ModelRegistry;
  readonly trainings: TrainingOrders;
  readonly samples: SampleLog;
  rollups(tenantId: string): RollupStore;
  openSamples(): Promise<IngestFeed>;
  readiness(): Promise<readonly Readiness[]>;
  /** In the opposite order of opening. */
  close(): Promise<void>;
}

const ANSWER_MS_MAX = 2_500; // below the time limit of readiness

type Closing = () => Promise<void> | void;

/** Opens what the configuration names; closes again what it opened when a later part fails. */
export async function openOutside(
  config: Config,
  kind: ProcessKind,
  log: Logger,
): Promise<Outside> {
  refuseHalfConfigured(config, kind);
  const closings: Closing[] = [];
  const close = async (): Promise<void> => {
    for (const closing of closings.splice(0).toReversed()) await closing();
  };
  try {
    return await open(config, kind, log, closings, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** A twin refuses what it cannot serve: several processes need servers that they share. */
function refuseHalfConfigured(config: Config, kind: ProcessKind): void {
  const { DATABASE_URL, REDIS_URL, KAFKA_BROKERS, OBJECT_DIR } = config;
  if (kind === 'worker' && (DATABASE_URL === undefined || REDIS_URL === undefined)) {
    throw new DomainError(
      'TWIN_UNFIT',
      'a worker needs DATABASE_URL and REDIS_URL: the embedded database and queue belong to main.js alone',
    );
  }
  if (REDIS_URL !== undefined && DATABASE_URL === undefined) {
    throw new DomainError(
      'TWIN_UNFIT',
      'REDIS_URL is set without DATABASE_URL: workers could not reach the embedded database',
    );
  }
  if (REDIS_URL !== undefined && KAFKA_BROKERS === undefined) {
    throw new DomainError(
      'TWIN_UNFIT',
      'REDIS_URL is set without KAFKA_BROKERS: workers could not read the local sample log',
    );
  }
  if (kind === 'worker' && OBJECT_DIR === undefined) {
    throw new DomainError(
      'TWIN_UNFIT',
      'a worker needs OBJECT_DIR, the folder of objects that all processes share',
    );
  }
}

async function open(
  config: Config,
  kind: ProcessKind,
  log: Logger,
  closings: Closing[],
  close: () => Promise<void>,
): Promise<Outside> {
  let folder: string | undefined;
  if (kind === 'main') {
    const data = DataFolder.open(resolve(config.DATA_DIR));
    closings.push(() => data.close());
    folder = data.path;
  }
  const url = config.DATABASE_URL ?? (await embeddedDatabase(folder as string, closings));
  const database = await Database.open({ url });
  closings.push(() => database.close());
  const tenants = new PostgresTenants(url);
  closings.push(() => tenants.close());
  const queue = new BullmqJobQueue(
    config.REDIS_URL === undefined
      ? { kind: 'postgres', url }
      : { kind: 'redis', url: config.REDIS_URL },
    (error) => log.warn({ err: error }, 'queue trouble; it goes on when the server is back'),
  );
  closings.push(() => queue.close());
  const { samples, openSamples, sampleState } = sampleSide(config, folder, closings);
  const objectDir = config.OBJECT_DIR ?? join(folder as string, 'objects');
  return {
    ledger: new PostgresLedger(database),
    queue,
    objects: new LocalObjectStore(objectDir),
    windows: new PostgresWindowStore(database),
    feed: new PostgresFeedStore(database),
    plans: new PostgresPlanStore(database),
    claims: new PostgresClaimStore(database),
    outcomes: new PostgresOutcomeStore(database),
    tokens: new PostgresTokenStore(database),
    tenants,
    leases: new PostgresRoleLeases(database),
    models: new PostgresModelRegistry(database),
    trainings: new PostgresTrainingOrders(database),
    samples,
    rollups: (tenantId) => new PostgresRollupStore(database, tenantId),
    openSamples,
    readiness: () => readiness({ tenants, queue, objectDir, sampleState }),
    close,
  };
}

async function embeddedDatabase(folder: string, closings: Closing[]): Promise<string> {
  const postgres = await EmbeddedPostgres.start({ folder: join(folder, 'postgres') });
  closings.push(() => postgres.stop());
  return postgres.url;
}

interface SampleSide {
  readonly samples: SampleLog;
  readonly openSamples: () => Promise<IngestFeed>;
  /** For readiness: what the log is; throws when it takes nothing. */
  readonly sampleState: () => Promise<string>;
}

function sampleSide(config: Config, folder: string | undefined, closings: Closing[]): SampleSide {
  const { KAFKA_BROKERS: brokers, KAFKA_SAMPLE_TOPIC: topic, KAFKA_GROUP: groupId } = config;
  if (brokers !== undefined) {
    const samples = new KafkaSampleLog(brokers, topic);
    closings.push(() => samples.close());
    const openSamples = async (): Promise<IngestFeed> => {
      const source = new KafkaSampleSource({ brokers, topic, groupId });
      return { source, partitions: await source.partitions() };
    };
    const sampleState = async (): Promise<string> =>
      `topic ${topic}, ${await samples.partitionCount(ANSWER_MS_MAX)} partitions`;
    return { samples, openSamples, sampleState };
  }
  const samples = EmbeddedSampleLog.open(join(folder as string, 'samples'));
  closings.push(() => samples.close());
  const openSamples = (): Promise<IngestFeed> =>
    Promise.resolve({ source: new EmbeddedSampleSource(samples), partitions: [0] });
  const sampleState = async (): Promise<string> => {
    await access(samples.folder, constants.R_OK | constants.W_OK);
    return `local log, ${samples.endOffset} bytes`;
  };
  return { samples, openSamples, sampleState };
}
