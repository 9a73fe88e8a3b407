// The composition root: configuration -> adapters -> stages -> roles, started and stopped in order.
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { pino, type Logger } from 'pino';
import { InProcessFeedBus } from '../../adapters/embedded';
import type { Config } from '../../config';
import { bucketStart, HOUR_MS, SystemClock, type Clock, type EpochMs } from '../../core';
import { HistoryReader } from '../../features';
import type { CompactionSettings, RollupStore } from '../../ingest';
import { COMPACTION_SETTINGS, compactUntil } from '../../ingest';
import { openKernels, type Kernels } from '../../kernels';
import { memberNames } from '../../models';
import {
  CostLearner,
  FeedSigner,
  NightWindowPlanner,
  PLAN_DEFAULTS,
  type VmFacts,
} from '../../migration';
import {
  ChampionModels,
  championNames,
  FIVE_MINUTE,
  HOURLY,
  runShard,
  startRun,
  type ChampionPlan,
  type NightPorts,
  type Resolution,
  type Run,
  type TenantPorts,
  type Worker,
} from '../../predict';
import { ensureOperatorToken, operatorTokenPath } from '../auth/operator-token';
import { addressKeyOf } from '../auth/signed-address';
import { pinnedKernels } from '../files/memory-night';
import { startHttp, type HttpApp } from '../http/http-app';
import { Metrics } from '../metrics';
import { outsideCommands, outsideModels } from '../outside-models';
import { ingestRole } from '../roles/ingest-role';
import { LeasedLoop } from '../roles/leased-loop';
import { relayRole, type RelaySinks } from '../roles/relay-role';
import { feedSinks } from './feed-sinks';
import { schedulerRole } from '../roles/scheduler-role';
import { trainerRole } from '../roles/trainer-role';
import { CODE_VERSION } from '../version';
import { openOutside, type Outside } from './outside';
import type { ProcessKind, Readiness, Service } from './service';

const SCHEDULER_EVERY_MS = 200; // a stage of a small fleet takes about as long
const RELAY_EVERY_MS = 200;
const INGEST_RETRY_MS = 500;
const TRAINER_EVERY_MS = 2_000;

export class System implements Service {
  readonly metrics = new Metrics();
  readonly bus = new InProcessFeedBus();
  readonly ports: NightPorts;
  private readonly compaction: CompactionSettings;
  private compacting: Promise<number> = Promise.resolve(0);
  private readonly champions: ChampionModels;
  private readonly tenantPorts = new Map<string, TenantPorts>();
  private readonly loops: LeasedLoop[] = [];
  readonly costs: CostLearner;
  readonly signer: FeedSigner | undefined;
  private readonly sinks: RelaySinks;
  private readonly name = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`;
  private http: HttpApp | undefined;
  private token = '';

  private constructor(
    readonly config: Config,
    private readonly kind: ProcessKind,
    readonly log: Logger,
    readonly kernels: Kernels,
    private readonly outside: Outside,
    readonly clock: Clock,
  ) {
    const { FEED_SIGNING_KEY: pem } = config;
    this.signer = pem === undefined ? undefined : FeedSigner.ofPem(pem);
    this.sinks = feedSinks(config, this.bus, this.signer);
    const tenant = Buffer.from(config.TENANT).toString('hex');
    this.compaction = { ...COMPACTION_SETTINGS, keyPrefix: `segments/${tenant}` };
    this.champions = new ChampionModels(
      { registry: outside.models, objects: outside.objects },
      (backend, isa) => pinnedKernels(kernels, backend, isa),
    );
    const { OUTSIDE_MODELS: programs = '', OUTSIDE_SECONDS, OUTSIDE_MIB } = config;
    const commands = outsideCommands(programs.split(';').filter((one) => one.trim() !== ''));
    const bounds = { outsideSeconds: OUTSIDE_SECONDS, outsideMib: OUTSIDE_MIB };
    this.costs = new CostLearner(outside.outcomes, outside.objects);
    this.ports = {
      ledger: outside.ledger,
      queue: outside.queue,
      objects: outside.objects,
      planner: new NightWindowPlanner(outside.windows, PLAN_DEFAULTS, outside.plans, this.costs),
      clock: this.clock,
      tenant: (tenantId) => this.tenantOf(tenantId),
      kernels: (backend, isa) => pinnedKernels(kernels, backend, isa),
      fleetModel: this.champions.fleetModel,
      outside: outsideModels({ outside: commands, ...bounds }),
    };
  }

  /** Starts everything that this process is for, or throws one clear DomainError. */
  static async start(
    config: Config,
    kind: ProcessKind,
    log = logger(config),
    clock: Clock = new SystemClock(),
  ): Promise<System> {
    const kernels = openKernels(config.BACKEND);
    const { notice } = kernels.report();
    if (notice !== undefined) log.warn(notice);
    const outside = await openOutside(config, kind, log);
    const system = new System(config, kind, log, kernels, outside, clock);
    try {
      await system.begin();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  get windows() {
    return this.outside.windows;
  }

  get feed() {
    return this.outside.feed;
  }

  get samples() {
    return this.outside.samples;
  }

  get plans() {
    return this.outside.plans;
  }

  get claims() {
    return this.outside.claims;
  }

  get outcomes() {
    return this.outside.outcomes;
  }

  get tokens() {
    return this.outside.tokens;
  }

  get tenants() {
    return this.outside.tenants;
  }

  get models() {
    return this.outside.models;
  }

  get trainings() {
    return this.outside.trainings;
  }

  get url(): string {
    return this.http?.url ?? '';
  }

  get operatorToken(): string {
    return this.token;
  }

  get addressKey(): Buffer {
    return addressKeyOf(this.config.ADDRESS_KEY, this.token);
  }

  async startRun(
    tenantId: string,
    request: { readonly atMs?: number; readonly again?: boolean },
  ): Promise<{ readonly run: Run; readonly joined: boolean }> {
    const tenant = await this.tenants.find(tenantId);
    const { backend, isa } = this.kernels.report();
    const registered = await this.champions.plan(tenantId, { backend, isa });
    for (const one of registered.leftOut ?? []) {
      this.log.warn(one, 'a champion cannot be loaded: the night goes on without it');
    }
    return startRun(
      {
        tenantId,
        timeZone: tenant?.timeZone ?? 'UTC',
        atMs: request.atMs ?? bucketStart(this.clock.nowMs(), HOUR_MS),
        shardSize: this.config.SHARD_SIZE,
        backend,
        isa,
        codeVersion: CODE_VERSION,
        models: {
          hourly: this.membersOf(registered, HOURLY),
          fiveMinute: this.membersOf(registered, FIVE_MINUTE),
        },
        registered,
        again: request.again,
      },
      this.ports,
    );
  }

  async vmFacts(tenantId: string, vmId: string): Promise<VmFacts | undefined> {
    const [vm] = await this.ports.tenant(tenantId).rollups.vmRecords([vmId]);
    return vm;
  }

  /** Blocks of whole days before `untilMs` become segments; one call at a time. */
  compact(untilMs: EpochMs): Promise<number> {
    const { rollups } = this.tenantOf(this.config.TENANT);
    const next = this.compacting
      .catch(() => 0) // the caller before heard of it
      .then(() => compactUntil(rollups, this.ports.objects, untilMs, this.compaction));
    this.compacting = next;
    return next;
  }

  async readiness(): Promise<readonly Readiness[]> {
    const roles = this.loops.map((loop) => loop.held);
    return [
      ...(await this.outside.readiness()),
      { component: 'roles', ready: true, detail: `${roles.filter(Boolean).length} held here` },
    ];
  }

  /** What is printed at start: where it is, and where the token lies; never the token. */
  greeting(): string {
    const { backend, isa } = this.kernels.report();
    const where = this.http === undefined ? 'worker' : this.http.url;
    const token =
      this.kind === 'main' ? `; token in ${operatorTokenPath(this.config.DATA_DIR)}` : '';
    return `slackwater ${CODE_VERSION}: ${where}, kernels ${backend}/${isa}${token}`;
  }

  /** HTTP first, then roles and shards in hand, then the adapters, PostgreSQL last. */
  async stop(): Promise<void> {
    await this.http?.close();
    await Promise.all(this.loops.map((loop) => loop.stop()));
    await this.ports.queue.close();
    const { windows, outcomes } = this.sinks;
    for (const sink of [...windows, ...outcomes]) await sink.close();
    await this.outside.close();
  }

  private async begin(): Promise<void> {
    const { config, kind } = this;
    await this.tenants.ensure({ tenantId: config.TENANT, timeZone: config.TENANT_TIME_ZONE });
    const external = config.REDIS_URL !== undefined;
    if (kind === 'worker' || !external) {
      await this.startWork();
      this.startRoles();
    }
    if (kind === 'main') {
      const nowMs = this.clock.nowMs();
      this.token = await ensureOperatorToken(config.DATA_DIR, config.TENANT, this.tokens, nowMs);
      this.http = await startHttp(this);
    }
  }

  private async startWork(): Promise<void> {
    if (this.config.WORKERS === 0) return;
    const worker: Worker = {
      name: this.name,
      leaseMs: this.config.LEASE_MS,
      onShard: (told) => {
        const { stage, outcome } = told;
        this.metrics.shards.inc({ stage, outcome });
        this.metrics.shardSeconds.observe({ stage }, told.seconds);
        this.log[outcome === 'done' ? 'debug' : 'warn'](told, `shard ${outcome}`);
      },
    };
    await this.ports.queue.work((job) => runShard(job, this.ports, worker), this.config.WORKERS);
  }

  private startRoles(): void {
    const roles = [
      ['ingest', ingestRole(this, () => this.outside.openSamples()), INGEST_RETRY_MS],
      ['scheduler', schedulerRole(this), SCHEDULER_EVERY_MS],
      ['relay', relayRole(this, this.sinks), RELAY_EVERY_MS],
      ['trainer', trainerRole(this), TRAINER_EVERY_MS],
    ] as const;
    for (const [role, work, everyMs] of roles) {
      const settings = { role, holder: this.name, leaseMs: this.config.LEASE_MS, work, everyMs };
      const { clock, log, metrics } = this;
      const loop = new LeasedLoop(settings, { leases: this.outside.leases, clock, log, metrics });
      this.loops.push(loop);
      loop.start();
    }
  }

  /** Those that need no training, then the champions, then programs from outside. */
  private membersOf(registered: ChampionPlan, resolution: Resolution): readonly string[] {
    const hoursOnly = this.config.OUTSIDE_HOURLY === 'true' && resolution.name !== HOURLY.name;
    return [
      ...memberNames(resolution.stepsPerDay),
      ...championNames(registered, resolution),
      ...(hoursOnly ? [] : (this.ports.outside?.keys() ?? [])),
    ];
  }

  private tenantOf(tenantId: string): TenantPorts {
    let found = this.tenantPorts.get(tenantId);
    if (found === undefined) {
      const rollups: RollupStore = this.outside.rollups(tenantId);
      found = {
        rollups,
        history: new HistoryReader(rollups, this.outside.objects, this.kernels.history),
      };
      this.tenantPorts.set(tenantId, found);
    }
    return found;
  }
}

function logger(config: Config): Logger {
  return pino(
    { level: config.LOG_LEVEL, redact: ['req.headers.authorization', 'token'] },
    pino.destination(2),
  );
}
