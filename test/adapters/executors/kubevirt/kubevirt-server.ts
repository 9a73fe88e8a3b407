// A Kubernetes API with KubeVirt's objects for one VirtualMachineInstance, as far as the published
// API says how it behaves: names, phases, finalizers, admission, server-side apply.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeVirtExecutor, type KubeVirtVm } from '../../../../src/adapters/executors';
import { ApiLab } from '../../../executors/api-lab';
import type { Asked, Reply } from '../../../executors/api-server';

interface Made {
  readonly name: string;
  readonly uid: string;
  phase: string;
  state: Record<string, unknown>;
}

const BASE = '/apis/kubevirt.io/v1/namespaces/shop';

export class KubeVirtLab extends ApiLab {
  readonly policies: Record<string, unknown>[] = [];
  readonly made = new Map<string, Made>();
  conditions: object[] = [{ type: 'LiveMigratable', status: 'True' }];
  phase = 'Running';
  /** How long a migration takes, as its timestamps say. */
  lengthSec = 12;
  token = 'secret-1';
  private state?: Record<string, unknown>;
  private started = 0;
  private uids = 0;
  private readonly tokenFile = join(mkdtempSync(join(tmpdir(), 'slackwater-kube-')), 'token');
  private url = '';

  async ready(): Promise<this> {
    this.renewToken(this.token);
    this.url = await this.server.listen();
    return this;
  }

  renewToken(token: string): void {
    this.token = token;
    writeFileSync(this.tokenFile, `${token}\n`);
  }

  override open(vm: Partial<KubeVirtVm> = {}): KubeVirtExecutor {
    const { url, tokenFile } = this;
    const vms = { v: { namespace: 'shop', name: 'till', ...vm } };
    return new KubeVirtExecutor({ url, tokenFile, timeoutMs: 400, settleMs: 150, vms });
  }

  /** As the command reads them. */
  file(vmId: string): object {
    const { url, tokenFile } = this;
    const policySelector = { 'vm.kubevirt.io/name': 'till' };
    return { url, tokenFile, vms: { [vmId]: { namespace: 'shop', name: 'till', policySelector } } };
  }

  override starts(): number {
    return this.started;
  }

  override succeed(): void {
    this.end('Succeeded', { completed: true });
  }

  override fail(failureReason: string): void {
    this.end('Failed', { completed: true, failed: true, failureReason });
  }

  override otherRuns(): void {
    this.add('by-hand');
  }

  override stopVm(): void {
    this.phase = 'Succeeded';
  }

  override forget(): void {
    this.made.clear();
    this.migrateByOther();
    this.made.clear();
  }

  private add(name: string): Made {
    this.uids += 1;
    const uid = `uid-${this.uids}`;
    const state = { migrationUid: uid, startTimestamp: '2026-01-05T10:00:00Z', targetNode: 'n2' };
    const made = { name, uid, phase: 'Running', state };
    this.made.set(name, made);
    this.state = state;
    return made;
  }

  private end(phase: string, more: Record<string, unknown>): void {
    for (const made of this.made.values()) {
      if (made.phase !== 'Running') continue;
      made.phase = phase;
      const endTimestamp = new Date(Date.UTC(2026, 0, 5, 10, 0, this.lengthSec)).toISOString();
      made.state = { ...made.state, endTimestamp: endTimestamp.replace('.000', ''), ...more };
      this.state = made.state;
    }
  }

  protected override answer({ method, path, headers, text, query }: Asked): Reply {
    if (headers.authorization !== `Bearer ${this.token}`) return status(401, 'Unauthorized');
    if (path === `${BASE}/virtualmachineinstances/till`) return { body: this.instance() };
    if (path.startsWith('/apis/migrations.kubevirt.io/v1alpha1/migrationpolicies/')) {
      const right = headers['content-type'] === 'application/apply-patch+yaml';
      if (method !== 'PATCH' || !right || query.get('fieldManager') === null) {
        return status(415, 'the body of the request was in an unknown format');
      }
      this.policies.push(JSON.parse(text) as Record<string, unknown>);
      return { body: JSON.parse(text) as object };
    }
    const list = `${BASE}/virtualmachineinstancemigrations`;
    if (path === list && method === 'POST') return this.create(text);
    const made = this.made.get(path.slice(list.length + 1));
    if (!path.startsWith(list) || made === undefined) return status(404, `${path} not found`);
    if (method === 'DELETE') {
      this.end('Failed', { failed: true, abortRequested: true, abortStatus: 'Succeeded' });
      this.made.delete(made.name); // its finalizer is taken away when the abort has succeeded
    }
    return { body: objectOf(made) };
  }

  private create(text: string): Reply {
    const { metadata, spec } = JSON.parse(text) as {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly vmiName: string };
    };
    const denied = 'admission webhook "migration-create-validator.kubevirt.io" denied the request';
    if (this.refusal !== undefined) return status(400, `${denied}: ${this.refusal}`);
    if (this.made.has(metadata.name)) return status(409, `"${metadata.name}" already exists`);
    if (spec.vmiName !== 'till') return status(400, `${denied}: the VMI does not exist`);
    this.started += 1;
    return { status: 201, body: objectOf(this.add(metadata.name)) };
  }

  private instance(): object {
    return {
      kind: 'VirtualMachineInstance',
      metadata: { name: 'till', namespace: 'shop' },
      status: { phase: this.phase, conditions: this.conditions, migrationState: this.state },
    };
  }
}

function objectOf({ name, uid, phase, state }: Made): object {
  return {
    apiVersion: 'kubevirt.io/v1',
    kind: 'VirtualMachineInstanceMigration',
    metadata: { name, uid, namespace: 'shop' },
    spec: { vmiName: 'till' },
    status: { phase, migrationState: state },
  };
}

function status(code: number, message: string): Reply {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code };
  return { status: code, body };
}
