// KubeVirt: a VirtualMachineInstanceMigration per order, under a name made from the order, so that
// a later process finds it again; a MigrationPolicy carries what a migration cannot say itself.
import { createHash } from 'node:crypto';
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
import { HypervisorApi, secretIn, type Method, type Question } from '../http/hypervisor-api';
import { hashOf, unstarted, vmOf } from '../orders';
import {
  instanceSchema,
  migrationSchema,
  type Instance,
  type MigrationState,
} from './kubevirt-schema';
import { bytesOfQuantity, quantityOfBytes } from './quantity';

export interface KubeVirtVm {
  readonly namespace: string;
  /** Of the VirtualMachineInstance. */
  readonly name: string;
  /** Labels that only this VM's instance carries: a policy of its own is applied to it. */
  readonly policySelector?: Readonly<Record<string, string>>;
}

export interface KubeVirtSettings {
  readonly url: string;
  readonly tokenFile: string;
  readonly caFile?: string;
  readonly timeoutMs?: number;
  /** So long must a migration be absent before it counts as never started. */
  readonly settleMs?: number;
  readonly vms: Readonly<Record<string, KubeVirtVm>>;
}

const POLICIES = '/apis/migrations.kubevirt.io/v1alpha1/migrationpolicies';
const ANY = z.looseObject({});
/** Without a bandwidth of ours: the rate at which post-copy's first pass is timed (1 GbE). */
const FIRST_PASS_BYTES_PER_SEC = 125_000_000;

export class KubeVirtExecutor extends MigrationExecutor {
  override readonly kind = 'kubevirt';
  private readonly api: HypervisorApi;
  private readonly absence: Absence;
  /** uid of each migration seen in this process, by name. */
  private readonly uids = new Map<string, string>();

  constructor(private readonly settings: KubeVirtSettings) {
    super();
    this.api = new HypervisorApi({ name: 'Kubernetes', ...settings });
    this.absence = new Absence(settings.settleMs);
  }

  override get vmIds(): readonly string[] {
    return Object.keys(this.settings.vms);
  }

  override async prepare(order: MigrationOrder): Promise<Preparation> {
    const vm = this.vm(order);
    const instance = await this.instance(vm);
    refuseInstance(order, vm, instance);
    const policy = policyOf(order, vm);
    const settings = {
      migration: nameOf(order),
      migrationPolicy: policy === undefined ? 'none: the cluster’s settings hold' : policy.spec,
      downtimeLimit: 'KubeVirt has no setting for it; QEMU’s own 300 ms holds',
    };
    return { evidence: instance?.status.migrationState?.migrationUid ?? null, settings };
  }

  override async start(order: MigrationOrder): Promise<void> {
    const vm = this.vm(order);
    const policy = policyOf(order, vm);
    if (policy !== undefined) {
      const path = `${POLICIES}/${policy.metadata.name}?fieldManager=slackwater&force=true`;
      await this.apply(path, policy);
    }
    const name = nameOf(order);
    const answer = await this.api.ask('POST', migrationsOf(vm), {
      headers: this.bearer(),
      body: {
        apiVersion: 'kubevirt.io/v1',
        kind: 'VirtualMachineInstanceMigration',
        metadata: { name, annotations: { 'slackwater/window': order.windowId } },
        spec: { vmiName: vm.name },
      },
    });
    if (answer.status === 409) {
      // Its name is only this order's: it is there already.
      throw new DomainError('EXECUTOR_UNREACHABLE', `migration '${name}' exists already`);
    }
    const made = this.api.read(migrationSchema, answer, 'POST', migrationsOf(vm));
    this.uids.set(name, made.metadata.uid);
  }

  override async look(order: MigrationOrder, evidence: Json): Promise<Sight> {
    const vm = this.vm(order);
    const name = nameOf(order);
    const found = await this.find(migrationSchema, 'GET', `${migrationsOf(vm)}/${name}`);
    if (found === undefined) return this.gone(order, evidence, vm, name);
    this.absence.found(order);
    const { uid } = found.metadata;
    this.uids.set(name, uid);
    const phase = found.status?.phase ?? '';
    if (phase !== 'Succeeded' && phase !== 'Failed') return { state: 'running' };
    const state = found.status?.migrationState ?? (await this.stateOf(vm, uid));
    return { state: 'ended', report: reportOf(order, phase === 'Succeeded', state) };
  }

  override async cancel(order: MigrationOrder): Promise<void> {
    await this.find(ANY, 'DELETE', `${migrationsOf(this.vm(order))}/${nameOf(order)}`);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  /** The object is not there: never made, deleted by a cancel, or collected with others. */
  private async gone(
    order: MigrationOrder,
    evidence: Json,
    vm: KubeVirtVm,
    name: string,
  ): Promise<Sight> {
    const state = (await this.instance(vm))?.status.migrationState ?? undefined;
    const uid = this.uids.get(name);
    const current = state?.migrationUid;
    if (uid !== undefined && current === uid) {
      if (state?.completed !== true && state?.failed !== true) return { state: 'running' };
      return { state: 'ended', report: reportOf(order, state.failed !== true, state) };
    }
    if ((current ?? null) !== evidence) {
      const detail = `migration '${name}' is gone, and the VM shows migration ${current ?? 'none'}`;
      return { state: 'unknown', detail };
    }
    if (uid === undefined) return this.absence.sight(order, `there is no migration '${name}'`);
    const detail = `migration '${name}' was deleted before it began`;
    return { state: 'ended', report: { status: 'cancelled', cause: 'operator', detail } };
  }

  private async stateOf(vm: KubeVirtVm, uid: string): Promise<MigrationState | undefined> {
    const state = (await this.instance(vm))?.status.migrationState ?? undefined;
    return state?.migrationUid === uid ? state : undefined;
  }

  private instance({ namespace, name }: KubeVirtVm): Promise<Instance | undefined> {
    const path = `/apis/kubevirt.io/v1/namespaces/${encodeURIComponent(namespace)}/virtualmachineinstances/${encodeURIComponent(name)}`;
    return this.find(instanceSchema, 'GET', path);
  }

  private async apply(path: string, policy: object): Promise<void> {
    const type = 'application/apply-patch+yaml'; // JSON is YAML
    const question = { headers: this.bearer(), body: policy, type };
    await unstarted(() => this.api.get(ANY, 'PATCH', path, question));
  }

  private find<T>(
    schema: z.ZodType<T>,
    method: Method,
    path: string,
    question: Question = {},
  ): Promise<T | undefined> {
    return this.api.find(schema, method, path, { ...question, headers: this.bearer() });
  }

  private bearer(): Record<string, string> {
    return { authorization: `Bearer ${secretIn(this.settings.tokenFile, 'tokenFile')}` };
  }

  private vm(order: MigrationOrder): KubeVirtVm {
    return vmOf(this.settings.vms, order);
  }
}

function migrationsOf({ namespace }: KubeVirtVm): string {
  return `/apis/kubevirt.io/v1/namespaces/${encodeURIComponent(namespace)}/virtualmachineinstancemigrations`;
}

function nameOf(order: MigrationOrder): string {
  return `slackwater-${hashOf(order).slice(0, 20)}`;
}

function refuseInstance(
  { vmId }: MigrationOrder,
  { namespace, name }: KubeVirtVm,
  instance: Instance | undefined,
): asserts instance is Instance {
  const refuse = (why: string): never => {
    throw new DomainError('EXECUTOR_REFUSED', `VM '${vmId}' ${why}`);
  };
  if (instance === undefined) refuse(`: there is no VirtualMachineInstance '${namespace}/${name}'`);
  const { phase, conditions, migrationState: last } = (instance as Instance).status;
  if (phase !== 'Running') refuse(`is ${phase}, not Running`);
  const able = conditions?.find(({ type }) => type === 'LiveMigratable');
  if (able?.status === 'False') {
    refuse(`cannot be migrated live: ${able.message ?? able.reason ?? 'KubeVirt says so'}`);
  }
  if (last?.migrationUid && last.completed !== true && last.failed !== true) {
    refuse(`is being migrated already (${last.migrationUid})`);
  }
}

/** A policy of its own, or the reason why the order cannot be followed without one. */
function policyOf(order: MigrationOrder, { policySelector }: KubeVirtVm) {
  const { vmId, mode, bandwidthBytesPerSec: bandwidth } = order;
  if (policySelector === undefined) {
    if (mode === 'pre-copy' && bandwidth === undefined) return undefined;
    const what = mode === 'pre-copy' ? 'bandwidthBytesPerSec' : `advice '${mode}'`;
    const message = `VM '${vmId}': ${what} needs a MigrationPolicy: name labels of its instance in vms.${vmId}.policySelector`;
    throw new DomainError('EXECUTOR_REFUSED', message);
  }
  // KubeVirt goes over to post-copy after this many s per GiB: one pass over the memory.
  const passSec = Math.ceil(2 ** 30 / (bandwidth ?? FIRST_PASS_BYTES_PER_SEC));
  const hash = createHash('sha256').update(vmId).digest('hex').slice(0, 20);
  return {
    apiVersion: 'migrations.kubevirt.io/v1alpha1',
    kind: 'MigrationPolicy',
    metadata: { name: `slackwater-${hash}` },
    spec: {
      allowAutoConverge: mode === 'auto-converge',
      allowPostCopy: mode === 'post-copy',
      ...(bandwidth !== undefined && { bandwidthPerMigration: quantityOfBytes(bandwidth) }),
      ...(mode === 'post-copy' && { completionTimeoutPerGiB: passSec }),
      selectors: { virtualMachineInstanceSelector: policySelector },
    },
  };
}

/** KubeVirt tells neither the pause nor the bytes: both stay unknown. Times are whole seconds. */
function reportOf(
  order: MigrationOrder,
  succeeded: boolean,
  state: MigrationState | undefined,
): MigrationReport {
  const times = [state?.startTimestamp, state?.endTimestamp].map((at) => Date.parse(at ?? ''));
  const totalTimeMs = times[1] > times[0] ? times[1] - times[0] : undefined;
  const target = state?.targetNode;
  if (succeeded) {
    return { status: 'completed', totalTimeMs, target, detail: otherBandwidth(order, state) };
  }
  const aborted = state?.abortRequested === true || state?.abortStatus === 'Succeeded';
  const detail = state?.failureReason ?? 'KubeVirt gives no reason';
  if (aborted) return { status: 'cancelled', cause: 'operator', totalTimeMs, target, detail };
  return { status: 'failed', cause: causeOf(detail), totalTimeMs, target, detail };
}

/** Another policy of the cluster may have won over ours: said, because the figures are its. */
function otherBandwidth(
  { bandwidthBytesPerSec: asked }: MigrationOrder,
  state: MigrationState | undefined,
): string | undefined {
  const used = state?.migrationConfiguration?.bandwidthPerMigration;
  if (asked === undefined || used === undefined) return undefined;
  const bytes = bytesOfQuantity(String(used));
  if (bytes === undefined || Math.abs(bytes - asked) <= 1) return undefined;
  const policy = state?.migrationPolicyName ?? 'none';
  return `bandwidthPerMigration was ${used}, not ${quantityOfBytes(asked)} (policy: ${policy})`;
}
