// Keystone and a compute API with one server, as far as the published APIs say how they behave:
// tokens that expire, microversions, migrations that are listed while they run, instance actions.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NovaExecutor, type NovaSettings, type NovaVm } from '../../../../src/adapters/executors';
import { ApiLab } from '../../../executors/api-lab';
import type { Asked, Reply } from '../../../executors/api-server';

interface Moved {
  readonly id: number;
  readonly user_id: string;
  status: string;
  updated_at: string;
  dest_compute: string;
}

interface Acted {
  readonly request_id: string;
  readonly user_id: string;
  message: string | null;
  traceback?: string;
}

const SERVER = '/compute/v2.1/servers/s-1';

export class NovaLab extends ApiLab {
  readonly migrations: Moved[] = [];
  readonly actions: Acted[] = [];
  readonly bodies: Record<string, unknown>[] = [];
  readonly forced: number[] = [];
  maxMicro = 96;
  status = 'ACTIVE';
  host = 'compute1';
  lengthSec = 42;
  progress = {
    memory_total_bytes: 1_000,
    memory_processed_bytes: 100,
    memory_remaining_bytes: 900,
  };
  /** The conductor fails before it makes a migration. */
  conductorFails?: string;
  endpoints = ['public', 'internal'];
  logins = 0;
  token = 'token-0';
  private readonly credentialFile = join(mkdtempSync(join(tmpdir(), 'slackwater-nova-')), 'c.json');
  private url = '';

  async ready(): Promise<this> {
    writeFileSync(this.credentialFile, '{"id":"app-1","secret":"hush"}');
    this.url = await this.server.listen();
    return this;
  }

  override open(vm: Partial<NovaVm> = {}, more: Partial<NovaSettings> = {}): NovaExecutor {
    const { credentialFile, url } = this;
    const vms = { v: { serverId: 's-1', ...vm } };
    const bounds = { timeoutMs: 400, settleMs: 150 };
    return new NovaExecutor({ authUrl: `${url}/v3`, credentialFile, ...bounds, vms, ...more });
  }

  /** As the command reads them. */
  file(vmId: string): object {
    const { credentialFile, url } = this;
    return { authUrl: `${url}/v3`, credentialFile, vms: { [vmId]: { serverId: 's-1' } } };
  }

  override starts(): number {
    return this.bodies.length;
  }

  override succeed(): void {
    const moved = this.end('completed');
    if (moved !== undefined) this.host = moved.dest_compute;
  }

  override fail(words: string): void {
    this.end('error');
    const action = this.actions.at(0);
    if (action === undefined) return;
    action.message = 'Error';
    action.traceback = `  File "driver.py", line 1, in _live_migration\nlibvirt.libvirtError: ${words}\n`;
  }

  override otherRuns(): void {
    this.add('operator', 'compute3');
  }

  override stopVm(): void {
    this.status = 'SHUTOFF';
  }

  override forget(): void {
    this.migrations.splice(0);
    this.actions.splice(0);
    this.status = 'ACTIVE';
    this.host = 'compute3';
  }

  private add(user_id: string, dest_compute: string): void {
    const id = this.migrations.length + 7;
    const updated_at = '2026-01-05T10:00:00.000000';
    this.actions.unshift({ request_id: `req-${id}`, user_id, message: null });
    if (this.conductorFails !== undefined) {
      const traceback = `nova.exception.NoValidHost: ${this.conductorFails}`;
      Object.assign(this.actions[0], { message: 'Error', traceback });
      return;
    }
    this.migrations.unshift({ id, user_id, status: 'running', updated_at, dest_compute });
    this.status = 'MIGRATING';
  }

  private end(status: string): Moved | undefined {
    const moved = this.migrations.find((one) => one.status === 'running');
    if (moved === undefined) return undefined;
    const updatedMs = Date.UTC(2026, 0, 5, 10, 0, this.lengthSec);
    const updated_at = new Date(updatedMs).toISOString().replace('.000Z', '.000000');
    Object.assign(moved, { status, updated_at });
    this.status = 'ACTIVE';
    return moved;
  }

  protected override answer(asked: Asked): Reply {
    const { method, path, headers, text } = asked;
    if (path === '/v3/auth/tokens') return this.login(text);
    if (headers['x-auth-token'] !== this.token) return { status: 401, reason: 'Unauthorized' };
    const [, micro] = String(headers['openstack-api-version']).split(' 2.');
    if (Number(micro) > this.maxMicro) {
      const message = `Version 2.${micro} is not supported by the API. Maximum is 2.${this.maxMicro}.`;
      return { status: 406, body: { computeFault: { code: 406, message } } };
    }
    if (path === SERVER) return { body: this.instance() };
    if (path === '/compute/v2.1/os-migrations') return { body: this.listed(asked) };
    if (path === `${SERVER}/action` && method === 'POST') return this.migrate(text);
    if (path === `${SERVER}/os-instance-actions`) return { body: this.acted() };
    const action = this.actions.find(({ request_id: id }) => path.endsWith(`actions/${id}`));
    if (action !== undefined) return { body: { instanceAction: eventsOf(action) } };
    return this.underWay(asked);
  }

  private login(text: string): Reply {
    const { auth } = JSON.parse(text) as { readonly auth: { readonly identity: unknown } };
    expect(auth.identity).toEqual({
      methods: ['application_credential'],
      application_credential: { id: 'app-1', secret: 'hush' },
    });
    this.logins += 1;
    this.token = `token-${this.logins}`;
    const endpoints = this.endpoints.map((face) => ({
      interface: face,
      region: 'north',
      url: `${this.url}/compute/v2.1`,
    }));
    const catalog = [
      { type: 'identity', endpoints: [] },
      { type: 'compute', endpoints },
    ];
    const expires_at = new Date(Date.now() + 3_600_000).toISOString();
    return {
      status: 201,
      headers: { 'x-subject-token': this.token },
      body: { token: { expires_at, user: { id: 'slack' }, catalog } },
    };
  }

  private instance(): object {
    const server = {
      status: this.status,
      'OS-EXT-STS:task_state': this.status === 'MIGRATING' ? 'migrating' : null,
      'OS-EXT-SRV-ATTR:host': this.host,
    };
    return { server };
  }

  private listed({ query }: Asked): object {
    if (query.get('instance_uuid') !== 's-1') return { migrations: [] };
    const created_at = '2026-01-05T10:00:00.000000';
    const rows = this.migrations.map((one) => ({ ...one, uuid: `m-${one.id}`, created_at }));
    return { migrations: rows, migration_links: [] };
  }

  private acted(): object {
    const rows = this.actions.map(({ traceback: _, ...row }) => ({
      action: 'live-migration',
      ...row,
    }));
    const created = { action: 'create', request_id: 'req-0', user_id: 'slack', message: null };
    return { instanceActions: [...rows, created] };
  }

  private migrate(text: string): Reply {
    const conflict = this.refusal ?? (this.status === 'ACTIVE' ? undefined : 'is migrating');
    if (conflict !== undefined) {
      const message = `Cannot 'os-migrateLive' instance s-1: ${conflict}`;
      return { status: 409, body: { conflictingRequest: { code: 409, message } } };
    }
    const body = JSON.parse(text) as { readonly 'os-migrateLive': { readonly host?: string } };
    this.bodies.push(body);
    this.add('slack', body['os-migrateLive'].host ?? 'compute2');
    return { status: 202, body: '' };
  }

  /** Only what runs is found under the server. */
  private underWay({ method, path }: Asked): Reply {
    const moved = this.migrations.find(
      ({ id, status }) => path.startsWith(`${SERVER}/migrations/${id}`) && status === 'running',
    );
    if (moved === undefined) return { status: 404, body: { itemNotFound: { message: path } } };
    if (method === 'GET') return { body: { migration: { ...moved, ...this.progress } } };
    if (method === 'DELETE') this.end('cancelled');
    else this.forced.push(moved.id);
    return { status: 202, body: '' };
  }
}

function eventsOf({ traceback, message }: Acted): object {
  const failed = { event: 'compute__do_live_migration', result: 'Error', traceback };
  const fine = { event: 'conductor_live_migrate_instance', result: 'Success', traceback: null };
  return { message, events: traceback === undefined ? [fine] : [failed, fine] };
}
