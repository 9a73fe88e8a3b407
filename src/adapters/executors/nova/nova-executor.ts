// Nova: os-migrateLive, followed through the server's migrations. The call itself has no limits:
// they are in nova.conf of the computes. A later process finds its migration by the user's id.
import { z } from 'zod';
import { DomainError, type Json } from '../../../core';
import {
  MigrationExecutor,
  type MigrationOrder,
  type MigrationReport,
  type Preparation,
  type Sight,
} from '../../../migration';
import { Absence } from '../absence';
import { causeOf } from '../failure-cause';
import { keyOf, vmOf } from '../orders';
import { Keystone, type KeystonePlace } from './keystone';
import { NovaApi } from './nova-api';
import {
  actionSchema,
  actionsSchema,
  migrationsSchema,
  progressSchema,
  serverSchema,
  utcMs,
  type InstanceAction,
  type NovaMigration,
  type Progress,
} from './nova-schema';

export interface NovaVm {
  readonly serverId: string;
  /** Compute host; absent: the scheduler's choice. */
  readonly host?: string;
}

export interface NovaSettings extends KeystonePlace {
  /** nova.conf of the computes has live_migration_permit_auto_converge = true. */
  readonly permitsAutoConverge?: boolean;
  /** nova.conf has live_migration_permit_post_copy = true: without it, force-complete pauses. */
  readonly permitsPostCopy?: boolean;
  readonly settleMs?: number;
  readonly vms: Readonly<Record<string, NovaVm>>;
}

const evidenceSchema = z.object({
  host: z.string().nullable(),
  migrations: z.array(z.string()),
  actions: z.array(z.string()),
});
type Evidence = z.output<typeof evidenceSchema>;

const MIB = 2 ** 20;
const ENDED: Readonly<Record<string, MigrationReport['status']>> = {
  completed: 'completed',
  cancelled: 'cancelled',
  error: 'failed',
  failed: 'failed',
};
/** The first pass counts as done where so little of the memory is left, or more than before. */
const LEFT_SHARE = 0.05;

interface Seen {
  readonly id: number;
  progress?: Progress;
  forced?: string;
}

export class NovaExecutor extends MigrationExecutor {
  override readonly kind = 'nova';
  private readonly api: NovaApi;
  private readonly absence: Absence;
  private readonly seen = new Map<string, Seen>();

  constructor(private readonly settings: NovaSettings) {
    super();
    this.api = new NovaApi(new Keystone(settings), settings);
    this.absence = new Absence(settings.settleMs);
  }

  override get vmIds(): readonly string[] {
    return Object.keys(this.settings.vms);
  }

  override async prepare(order: MigrationOrder): Promise<Preparation> {
    const vm = this.vm(order);
    const { server } = await this.api.get(serverSchema, serverPath(vm));
    const { 'OS-EXT-STS:task_state': task, 'OS-EXT-SRV-ATTR:host': host } = server;
    const refuse = (why: string): never => {
      throw new DomainError('EXECUTOR_REFUSED', `VM '${order.vmId}' (${vm.serverId}) ${why}`);
    };
    if (server.status !== 'ACTIVE') refuse(`is ${server.status}, not ACTIVE`);
    if (task !== null && task !== undefined) refuse(`is in task '${task}'`);
    if (vm.host !== undefined && host === vm.host) refuse(`is on its host '${vm.host}' already`);
    this.refuseMode(order);
    const evidence = {
      host: host ?? null,
      migrations: (await this.migrations(vm)).map(({ uuid }) => uuid),
      actions: (await this.actions(vm)).map((action) => action.request_id),
    };
    return { evidence, settings: { ...bodyOf(vm), 'nova.conf [libvirt]': needsOf(order) } };
  }

  override async start(order: MigrationOrder): Promise<void> {
    const vm = this.vm(order);
    await this.api.act('POST', `${serverPath(vm)}/action`, bodyOf(vm));
  }

  override async look(order: MigrationOrder, evidence: Json): Promise<Sight> {
    const before = evidenceSchema.parse(evidence);
    const vm = this.vm(order);
    const fresh = (await this.migrations(vm)).filter(
      ({ uuid }) => !before.migrations.includes(uuid),
    );
    const userId = await this.api.userId();
    const ours = fresh.findLast(({ user_id: asker }) => asker === userId);
    if (ours === undefined) return this.unseen(order, before, fresh);
    this.absence.found(order);
    const seen = this.seen.get(keyOf(order)) ?? { id: ours.id };
    this.seen.set(keyOf(order), seen);
    const status = ENDED[ours.status];
    if (status !== undefined) {
      return { state: 'ended', report: await this.report(order, before, ours, status) };
    }
    await this.follow(order, seen);
    return { state: 'running' };
  }

  override async cancel(order: MigrationOrder): Promise<void> {
    const seen = this.seen.get(keyOf(order));
    if (seen === undefined) return; // no look has seen it: there is nothing to abort
    try {
      await this.api.act('DELETE', `${serverPath(this.vm(order))}/migrations/${seen.id}`);
    } catch (error) {
      // 4xx: it is over, or too far for an abort; the next look says which.
      if (!(error instanceof DomainError) || error.code !== 'EXECUTOR_REFUSED') throw error;
    }
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private refuseMode({ vmId, mode }: MigrationOrder): void {
    const { permitsAutoConverge, permitsPostCopy } = this.settings;
    const field = { 'auto-converge': 'permitsAutoConverge', 'post-copy': 'permitsPostCopy' };
    if (mode === 'pre-copy') return;
    if (mode === 'auto-converge' ? permitsAutoConverge : permitsPostCopy) return;
    const option = `live_migration_permit_${mode.replace('-', '_')}`;
    const message = `VM '${vmId}': advice '${mode}' needs ${option} in nova.conf of the computes; where it is set, say so with ${field[mode]}`;
    throw new DomainError('EXECUTOR_REFUSED', message);
  }

  /** Keeps the progress, and goes over to post-copy after the first pass. */
  private async follow(order: MigrationOrder, seen: Seen): Promise<void> {
    const path = `${serverPath(this.vm(order))}/migrations/${seen.id}`;
    const before = seen.progress;
    seen.progress = (await this.api.find(progressSchema, path))?.migration ?? before;
    if (order.mode !== 'post-copy' || seen.forced !== undefined) return;
    if (!passed(before, seen.progress)) return;
    seen.forced = 'post-copy was asked for';
    try {
      await this.api.act('POST', `${path}/action`, { force_complete: null });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      seen.forced = `post-copy was not taken up: ${error.message}`;
    }
  }

  /** Nova tells neither the pause nor all bytes: both stay unknown. Times are whole seconds. */
  private async report(
    order: MigrationOrder,
    before: Evidence,
    migration: NovaMigration,
    status: MigrationReport['status'],
  ): Promise<MigrationReport> {
    const lengthMs = utcMs(migration.updated_at) - utcMs(migration.created_at);
    const seen = this.seen.get(keyOf(order));
    const sent = seen?.progress?.memory_processed_bytes;
    const notes = [seen?.forced, sent ? `at least ${sent} bytes were sent` : undefined];
    const common = {
      totalTimeMs: lengthMs > 0 ? lengthMs : undefined,
      target: migration.dest_compute ?? undefined,
    };
    if (status === 'completed') {
      return { status, ...common, detail: notes.filter(Boolean).join('; ') || undefined };
    }
    const said = await this.reason(order, before);
    const detail = [`migration ${migration.id} is ${migration.status}`, said, ...notes];
    const cause = status === 'cancelled' ? 'operator' : causeOf(said);
    return { status, cause, ...common, detail: detail.filter(Boolean).join('; ') };
  }

  /** No migration of ours that is new: never heard, refused on the way, or not to be told. */
  private async unseen(
    order: MigrationOrder,
    before: Evidence,
    others: readonly NovaMigration[],
  ): Promise<Sight> {
    const vm = this.vm(order);
    const action = await this.action(vm, before);
    if (action?.message === 'Error') {
      const detail = await this.reason(order, before);
      return { state: 'ended', report: { status: 'failed', cause: causeOf(detail), detail } };
    }
    if (action !== undefined) {
      return { state: 'unknown', detail: `${action.request_id} was accepted; no migration yet` };
    }
    const { server } = await this.api.get(serverSchema, serverPath(vm));
    const host = server['OS-EXT-SRV-ATTR:host'] ?? null;
    if (others.length > 0 || host !== before.host) {
      const detail = `no migration by this user; others': ${others.length}; the host is '${host}'`;
      return { state: 'unknown', detail };
    }
    return this.absence.sight(order, 'Nova has no migration by this user since');
  }

  /** What the failed events of our action say; their last line is the exception. */
  private async reason(order: MigrationOrder, before: Evidence): Promise<string> {
    const vm = this.vm(order);
    const action = await this.action(vm, before);
    if (action === undefined) return 'Nova gives no reason';
    const path = `${serverPath(vm)}/os-instance-actions/${action.request_id}`;
    const { instanceAction } = await this.api.get(actionSchema, path);
    const words = (instanceAction.events ?? [])
      .filter(({ result }) => result === 'Error')
      .map(
        ({ event, traceback }) => `${event}: ${traceback?.trim().split('\n').at(-1) ?? 'Error'}`,
      );
    return words.join('; ') || 'Nova gives no reason';
  }

  private async action(vm: NovaVm, before: Evidence): Promise<InstanceAction | undefined> {
    const userId = await this.api.userId();
    return (await this.actions(vm)).findLast(
      ({ request_id: id, user_id: asker }) => asker === userId && !before.actions.includes(id),
    );
  }

  /** The newest first. */
  private async migrations({ serverId }: NovaVm): Promise<readonly NovaMigration[]> {
    const query = `instance_uuid=${encodeURIComponent(serverId)}&migration_type=live-migration`;
    return (await this.api.get(migrationsSchema, `/os-migrations?${query}`)).migrations;
  }

  /** Live migrations that were asked for, the newest first. */
  private async actions(vm: NovaVm): Promise<readonly InstanceAction[]> {
    const path = `${serverPath(vm)}/os-instance-actions`;
    const { instanceActions } = await this.api.get(actionsSchema, path);
    return instanceActions.filter(({ action }) => action === 'live-migration');
  }

  private vm(order: MigrationOrder): NovaVm {
    return vmOf(this.settings.vms, order);
  }
}

function bodyOf({ host }: NovaVm) {
  return { 'os-migrateLive': { host: host ?? null, block_migration: 'auto' } };
}

/** What nova.conf of the computes must say for the order to be followed: ms, MiB/s. */
function needsOf({ downtimeLimitMs, bandwidthBytesPerSec: bandwidth, mode }: MigrationOrder) {
  return {
    live_migration_downtime: Math.max(100, Math.round(downtimeLimitMs)), // Nova takes 100 at least
    ...(bandwidth !== undefined && {
      live_migration_bandwidth: Math.max(1, Math.floor(bandwidth / MIB)),
    }),
    ...(mode === 'auto-converge' && { live_migration_permit_auto_converge: true }),
    ...(mode === 'post-copy' && { live_migration_permit_post_copy: true }),
  };
}

function passed(before: Progress | undefined, now: Progress | undefined): boolean {
  const { memory_remaining_bytes: left, memory_total_bytes: total } = now ?? {};
  if (!total || typeof left !== 'number' || !now?.memory_processed_bytes) return false;
  const earlier = before?.memory_remaining_bytes;
  return left <= total * LEFT_SHARE || (typeof earlier === 'number' && left > earlier);
}

function serverPath({ serverId }: NovaVm): string {
  return `/servers/${encodeURIComponent(serverId)}`;
}
