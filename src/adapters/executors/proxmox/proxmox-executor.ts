// Proxmox VE: POST .../migrate makes a task on the source node; its status says how it stands, its
// log what it cost. A later process finds the task by the token's user among those that are new.
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
import { HypervisorApi, saidIn, secretIn, type Method } from '../http/hypervisor-api';
import { keyOf, unstarted, vmOf } from '../orders';
import { readMigrationLog, type MigrationLog } from './proxmox-log';
import {
  configSchema,
  logSchema,
  nothingSchema,
  preconditionSchema,
  resourcesSchema,
  tasksSchema,
  taskSchema,
  upidSchema,
  type VmPlace,
} from './proxmox-schema';

export interface ProxmoxVm {
  readonly vmid: number;
  /** Node that is to receive it. */
  readonly target: string;
  readonly withLocalDisks?: boolean;
  readonly targetStorage?: string;
}

export interface ProxmoxSettings {
  readonly url: string;
  /** Holds "USER@REALM!TOKENID=SECRET". */
  readonly tokenFile: string;
  readonly caFile?: string;
  readonly timeoutMs?: number;
  readonly settleMs?: number;
  readonly vms: Readonly<Record<string, ProxmoxVm>>;
}

const evidenceSchema = z.object({ node: z.string(), upids: z.array(z.string()) });
const LOG_LINES = 5_000; // a call; Proxmox gives 50 where it is not asked for more
const LOG_CALLS_MAX = 20;
const TASKS = 50;

export class ProxmoxExecutor extends MigrationExecutor {
  override readonly kind = 'proxmox';
  private readonly api: HypervisorApi;
  private readonly absence: Absence;
  private readonly upids = new Map<string, { readonly node: string; readonly upid: string }>();
  private readonly cancelled = new Set<string>();

  constructor(private readonly settings: ProxmoxSettings) {
    super();
    this.api = new HypervisorApi({ name: 'Proxmox', ...settings });
    this.absence = new Absence(settings.settleMs);
  }

  override get vmIds(): readonly string[] {
    return Object.keys(this.settings.vms);
  }

  override async prepare(order: MigrationOrder): Promise<Preparation> {
    const vm = this.vm(order);
    const place = await this.place(order);
    const refuse = (why: string): never => {
      throw new DomainError('EXECUTOR_REFUSED', `VM '${order.vmId}' (${vm.vmid}) ${why}`);
    };
    if (order.mode === 'post-copy') refuse('is advised post-copy, which Proxmox does not have');
    if (place.status !== 'running') refuse(`is ${place.status ?? 'in no state'}, not running`);
    if (place.node === vm.target) refuse(`is on its target '${vm.target}' already`);
    const path = vmPath(place.node, vm);
    const { lock, migrate_speed: speed } = (await this.get(configSchema, `${path}/config`)).data;
    if (lock !== undefined) refuse(`is locked (${lock})`);
    const target = encodeURIComponent(vm.target);
    const { data } = await this.get(preconditionSchema, `${path}/migrate?target=${target}`);
    const { local_resources: resources, local_disks: disks, not_allowed_nodes: closed } = data;
    if (resources?.length) refuse(`uses local resources: ${resources.join(', ')}`);
    if (disks?.length && vm.withLocalDisks !== true) {
      const names = disks.map(({ volid }) => volid ?? '?').join(', ');
      refuse(`has local disks (${names}): set vms.${order.vmId}.withLocalDisks`);
    }
    if (closed?.[vm.target] !== undefined) {
      refuse(`may not go to '${vm.target}': ${JSON.stringify(closed[vm.target])}`);
    }
    const upids = (await this.tasks(place.node, vm)).map(({ upid }) => upid);
    const settings = {
      ...parametersOf(order, vm),
      migrate_downtime: secondsOf(order),
      ...(speed !== undefined && { migrate_speed: `${speed} MiB/s by the VM’s own config` }),
      autoConverge: 'always on; the limit is doubled until it converges',
    };
    return { evidence: { node: place.node, upids }, settings };
  }

  override async start(order: MigrationOrder): Promise<void> {
    const vm = this.vm(order);
    const { node } = await unstarted(() => this.place(order));
    const path = vmPath(node, vm);
    await unstarted(async () => {
      const { data } = await this.get(configSchema, `${path}/config`);
      if (data.migrate_downtime === secondsOf(order)) return;
      const fields = { migrate_downtime: secondsOf(order) };
      await this.get(nothingSchema, `${path}/config`, 'PUT', fields);
    });
    const answer = await this.ask('POST', `${path}/migrate`, parametersOf(order, vm));
    if (answer.status >= 500) this.absence.note(order, saidIn(answer));
    const { data: upid } = this.api.read(upidSchema, answer, 'POST', `${path}/migrate`);
    this.upids.set(keyOf(order), { node, upid });
    if (upid.split(':')[5] !== 'qmigrate') this.upids.delete(keyOf(order)); // the HA manager's
  }

  override async look(order: MigrationOrder, evidence: Json): Promise<Sight> {
    const before = evidenceSchema.parse(evidence);
    const known = this.upids.get(keyOf(order)) ?? (await this.task(order, before));
    if (known === undefined) return this.unseen(order, before.node);
    this.absence.found(order);
    this.upids.set(keyOf(order), known);
    const path = taskPath(known);
    const { status, exitstatus } = (await this.get(taskSchema, `${path}/status`)).data;
    if (status === 'running') return { state: 'running' };
    if (exitstatus === undefined) {
      return { state: 'unknown', detail: `task ${known.upid} stopped without a status` };
    }
    const log = readMigrationLog(await this.log(path));
    return { state: 'ended', report: await this.report(order, exitstatus, log) };
  }

  override async cancel(order: MigrationOrder): Promise<void> {
    const known = this.upids.get(keyOf(order));
    if (known === undefined) return; // no look has seen it: there is nothing to stop
    this.cancelled.add(keyOf(order));
    await this.get(nothingSchema, taskPath(known), 'DELETE');
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private async report(
    order: MigrationOrder,
    exitStatus: string,
    log: MigrationLog,
  ): Promise<MigrationReport> {
    const { totalTimeMs, downtimeMs, bytesSent, raisedLimitMs } = log;
    const { target } = this.vm(order);
    const said = [exitStatus, ...log.errors].join('; ');
    const fine = exitStatus === 'OK' || exitStatus.startsWith('WARNINGS');
    // "Finished with problems": the memory went over, and what came after it had errors.
    if (fine || (log.copied && (await this.place(order)).node === target)) {
      const raised = raisedLimitMs && `Proxmox raised the limit to ${raisedLimitMs} ms`;
      const notes = [exitStatus === 'OK' ? undefined : said, raised].filter(Boolean);
      const detail = notes.length === 0 ? undefined : notes.join('; ');
      const figures = { totalTimeMs, downtimeMs, bytesSent };
      return { status: 'completed', ...figures, target: log.target ?? target, detail };
    }
    const stopped = this.cancelled.has(keyOf(order)) || /interrupt|aborted by user/i.test(said);
    if (stopped) return { status: 'cancelled', cause: 'operator', detail: said };
    return { status: 'failed', cause: causeOf(said), detail: said };
  }

  /** No task of ours that is new: never heard, or not to be told. */
  private async unseen(order: MigrationOrder, before: string): Promise<Sight> {
    const { node } = await this.place(order);
    if (node === before) return this.absence.sight(order, `there is no task on '${before}'`);
    const detail = `there is no task on '${before}', and the VM is on '${node}'`;
    return { state: 'unknown', detail };
  }

  /** The task that is new since the evidence, by this token or, for a VM under HA, by its manager. */
  private async task(
    order: MigrationOrder,
    { node, upids }: z.output<typeof evidenceSchema>,
  ): Promise<{ readonly node: string; readonly upid: string } | undefined> {
    const fresh = (await this.tasks(node, this.vm(order))).filter(
      ({ upid }) => !upids.includes(upid),
    );
    if (fresh.length === 0) return undefined;
    const { hastate } = await this.place(order);
    const [user] = this.token().split('=');
    const ours = fresh
      .filter(({ upid }) => upid.split(':')[7] === user || (hastate && userIsRoot(upid)))
      .toSorted((a, b) => a.starttime - b.starttime)
      .at(0);
    if (ours !== undefined) return { node, upid: ours.upid };
    const others = fresh.map(({ upid }) => upid.split(':')[7]).join(', ');
    const message = `VM '${order.vmId}' was migrated by ${others} meanwhile`;
    throw new DomainError('EXECUTOR_UNREACHABLE', message);
  }

  private async tasks(node: string, { vmid }: ProxmoxVm) {
    const query = `vmid=${vmid}&typefilter=qmigrate&source=all&limit=${TASKS}`;
    const path = `/nodes/${encodeURIComponent(node)}/tasks?${query}`;
    const { data } = await this.get(tasksSchema, path);
    return data.filter(({ type }) => type === 'qmigrate');
  }

  private async log(path: string): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let call = 0; call < LOG_CALLS_MAX; call += 1) {
      const query = `start=${lines.length}&limit=${LOG_LINES}`;
      const { data, total } = await this.get(logSchema, `${path}/log?${query}`);
      lines.push(...data.map(({ t }) => t));
      if (data.length === 0 || lines.length >= (total ?? 0)) break;
    }
    return lines;
  }

  private async place(order: MigrationOrder): Promise<VmPlace> {
    const { vmid } = this.vm(order);
    const { data } = await this.get(resourcesSchema, '/cluster/resources?type=vm');
    const found = data.find((item) => item.type === 'qemu' && item.vmid === vmid);
    if (found !== undefined) return found;
    const message = `VM '${order.vmId}': Proxmox shows no VM ${vmid} to this token`;
    throw new DomainError('EXECUTOR_REFUSED', message);
  }

  private async get<T>(
    schema: z.ZodType<T>,
    path: string,
    method: Method = 'GET',
    fields?: Readonly<Record<string, string | number>>,
  ): Promise<T> {
    return this.api.read(schema, await this.ask(method, path, fields), method, path);
  }

  private ask(
    method: Method,
    path: string,
    fields?: Readonly<Record<string, string | number>>,
  ): ReturnType<HypervisorApi['ask']> {
    const words = new URLSearchParams();
    for (const [key, value] of Object.entries(fields ?? {})) words.set(key, String(value));
    return this.api.ask(method, `/api2/json${path}`, {
      headers: { authorization: `PVEAPIToken=${this.token()}` },
      ...(fields !== undefined && {
        body: words.toString(),
        type: 'application/x-www-form-urlencoded',
      }),
    });
  }

  private token(): string {
    const { tokenFile } = this.settings;
    const token = secretIn(tokenFile, 'tokenFile');
    if (/^[^@!=\s]+@[^@!=\s]+![^@!=\s]+=\S+$/.test(token)) return token;
    const message = `tokenFile '${tokenFile}' does not hold USER@REALM!TOKENID=SECRET`;
    throw new DomainError('INPUT_UNREADABLE', message);
  }

  private vm(order: MigrationOrder): ProxmoxVm {
    return vmOf(this.settings.vms, order);
  }
}

/** `bwlimit` is in KiB/s. */
function parametersOf(
  { bandwidthBytesPerSec: bandwidth }: MigrationOrder,
  { target, withLocalDisks, targetStorage }: ProxmoxVm,
): Readonly<Record<string, string | number>> {
  return {
    target,
    online: 1,
    ...(bandwidth !== undefined && { bwlimit: Math.max(1, Math.floor(bandwidth / 1_024)) }),
    ...(withLocalDisks === true && { 'with-local-disks': 1 }),
    ...(targetStorage !== undefined && { targetstorage: targetStorage }),
  };
}

/** `migrate_downtime` of the VM's config is in seconds. */
function secondsOf({ downtimeLimitMs }: MigrationOrder): number {
  return Math.round(downtimeLimitMs) / 1_000;
}

function vmPath(node: string, { vmid }: ProxmoxVm): string {
  return `/nodes/${encodeURIComponent(node)}/qemu/${vmid}`;
}

function taskPath({ node, upid }: { readonly node: string; readonly upid: string }): string {
  return `/nodes/${encodeURIComponent(node)}/tasks/${encodeURIComponent(upid)}`;
}

function userIsRoot(upid: string): boolean {
  return upid.split(':')[7] === 'root@pam';
}
