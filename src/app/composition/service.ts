// What the HTTP face and the commands see of a running system.
import type { Logger } from 'pino';
import type { InProcessFeedBus } from '../../adapters/embedded';
import type { Config } from '../../config';
import type { Clock, EpochMs, TokenStore } from '../../core';
import type { SampleLog } from '../../ingest';
import type { Kernels } from '../../kernels';
import type {
  ClaimStore,
  CostLearner,
  FeedSigner,
  FeedStore,
  OutcomeStore,
  PlanStore,
  VmFacts,
  WindowStore,
} from '../../migration';
import type { ModelRegistry, NightPorts, Run, TenantCatalog, TrainingOrders } from '../../predict';
import type { Metrics } from '../metrics';

/** main.js, or one of any number of worker.js. */
export type ProcessKind = 'main' | 'worker';

/** One question of /health/ready. */
export interface Readiness {
  readonly component: string;
  readonly ready: boolean;
  readonly detail: string;
}

export interface Service {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kernels: Kernels;
  readonly ports: NightPorts;
  readonly windows: WindowStore;
  readonly feed: FeedStore;
  readonly bus: InProcessFeedBus;
  readonly samples: SampleLog;
  readonly plans: PlanStore;
  readonly claims: ClaimStore;
  readonly outcomes: OutcomeStore;
  readonly costs: CostLearner;
  readonly tokens: TokenStore;
  readonly tenants: TenantCatalog;
  readonly models: ModelRegistry;
  readonly trainings: TrainingOrders;
  readonly metrics: Metrics;
  /** Absent: documents are not signed. */
  readonly signer: FeedSigner | undefined;
  /** Of the addresses of calendars. */
  readonly addressKey: Buffer;

  /** Opens or joins the night of an instant; the scheduler moves it on. */
  startRun(
    tenantId: string,
    request: { readonly atMs?: number; readonly again?: boolean },
  ): Promise<{ readonly run: Run; readonly joined: boolean }>;

  /** Undefined for a VM that is not known. */
  vmFacts(tenantId: string, vmId: string): Promise<VmFacts | undefined>;

  /** Blocks of whole days before an instant become segments; returns how many days. */
  compact(untilMs: EpochMs): Promise<number>;

  readiness(): Promise<readonly Readiness[]>;
}

/** The token under which Nest injects it. */
export const SERVICE = Symbol('Service');
