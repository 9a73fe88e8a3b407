// A Proxmox VE API with one VM, as far as the published API says how it behaves: tasks by UPID on
// their node, status and log apart, reasons beside the status code, config in its own units.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProxmoxExecutor, type ProxmoxVm } from '../../../../src/adapters/executors';
import { ApiLab } from '../../../executors/api-lab';
import type { Asked, Reply } from '../../../executors/api-server';

interface Task {
  readonly upid: string;
  readonly node: string;
  readonly type: string;
  readonly to: string;
  exitstatus?: string;
  log: string[];
}

export const LOG = [
  "2026-01-05 21:47:40 starting migration of VM 100 to node 'pve2' (10.0.0.2)",
  "2026-01-05 21:47:40 starting VM 100 on remote node 'pve2'",
  '2026-01-05 21:47:43 starting online/live migration on unix:/run/qemu-server/100.migrate',
  '2026-01-05 21:47:43 migration speed limit: 1.0 GiB/s',
  '2026-01-05 21:47:43 migration downtime limit: 300 ms',
  '2026-01-05 21:47:43 start migrate command to unix:/run/qemu-server/100.migrate',
  '2026-01-05 21:47:44 migration active, transferred 812.0 MiB of 12.6 GiB VM-state, 823.0 MiB/s',
  '2026-01-05 21:47:57 migration active, transferred 10.5 GiB of 12.6 GiB VM-state, 1.0 GiB/s',
  '2026-01-05 21:47:58 average migration speed: 806.6 MiB/s - downtime 59 ms',
  '2026-01-05 21:47:58 migration status: completed',
  '2026-01-05 21:48:00 migration finished successfully (duration 00:00:20)',
  'TASK OK',
];

export class ProxmoxLab extends ApiLab {
  readonly tasks: Task[] = [];
  readonly posted: URLSearchParams[] = [];
  config: Record<string, unknown> = { name: 'till' };
  precondition: Record<string, unknown> = { running: 1, allowed_nodes: ['pve2', 'pve3'] };
  node = 'pve1';
  status = 'running';
  underHa = false;
  readonly token = 'slack@pve!water=11112222-3333';
  private pids = 0;
  private readonly tokenFile = join(mkdtempSync(join(tmpdir(), 'slackwater-pve-')), 'token');
  private url = '';

  async ready(): Promise<this> {
    writeFileSync(this.tokenFile, this.token);
    this.url = await this.server.listen();
    return this;
  }

  override open(vm: Partial<ProxmoxVm> = {}): ProxmoxExecutor {
    const { url, tokenFile } = this;
    const vms = { v: { vmid: 100, target: 'pve2', ...vm } };
    return new ProxmoxExecutor({ url, tokenFile, timeoutMs: 400, settleMs: 150, vms });
  }

  /** As the command reads them. */
  file(vmId: string): object {
    const { url, tokenFile } = this;
    return { url, tokenFile, vms: { [vmId]: { vmid: 100, target: 'pve2' } } };
  }

  override starts(): number {
    return this.posted.length;
  }

  override succeed(log: readonly string[] = LOG): void {
    const task = this.end('OK', log);
    if (task !== undefined) this.node = task.to;
  }

  override fail(words: string): void {
    const at = '2026-01-05 21:47:50';
    this.end('migration aborted', [
      ...LOG.slice(0, 7),
      `${at} migration status error: failed - ${words}`,
      `${at} ERROR: online migrate failure - aborting`,
      `${at} ERROR: migration aborted (duration 00:00:10): online migrate failure`,
      'TASK ERROR: migration aborted',
    ]);
  }

  override otherRuns(): void {
    this.add('qmigrate', 'root@pam', 'pve3');
  }

  override stopVm(): void {
    this.status = 'stopped';
  }

  override forget(): void {
    this.tasks.splice(0);
    this.node = 'pve3';
  }

  add(type: string, user: string, to: string): Task {
    this.pids += 1;
    const pid = this.pids.toString(16).toUpperCase().padStart(8, '0');
    const upid = `UPID:${this.node}:${pid}:0000ABCD:65A0F00${this.pids}:${type}:100:${user}:`;
    const task = { upid, node: this.node, type, to, log: LOG.slice(0, 7) };
    this.tasks.push(task);
    if (type === 'qmigrate') this.config.lock = 'migrate';
    return task;
  }

  private end(exitstatus: string, log: readonly string[]): Task | undefined {
    const task = this.tasks.find((one) => one.exitstatus === undefined);
    if (task === undefined) return undefined;
    Object.assign(task, { exitstatus, log: [...log] });
    delete this.config.lock;
    return task;
  }

  protected override answer({ method, path, headers, text, query }: Asked): Reply {
    if (headers.authorization !== `PVEAPIToken=${this.token}`) {
      return { status: 401, reason: 'no such token', body: { data: null } };
    }
    const [, , , ...parts] = path.split('/').map(decodeURIComponent);
    if (path === '/api2/json/cluster/resources') return data(this.resources());
    const [, node, what, id, more] = parts;
    if (what === 'qemu' && id === '100') {
      if (node !== this.node) return failed(`Configuration file 'qemu-server/100.conf' not found`);
      if (more === 'config' && method === 'GET') return data(this.config);
      if (more === 'config') return this.configure(text);
      if (more === 'migrate' && method === 'GET') return data(this.precondition);
      if (more === 'migrate') return this.migrate(text);
    }
    if (what !== 'tasks') return { status: 501, reason: `Method '${method} ${path}'` };
    const here = this.tasks.filter((task) => task.node === node);
    if (id === undefined) return data(here.filter(({ type }) => type === query.get('typefilter')));
    const task = here.find(({ upid }) => upid === id);
    if (task === undefined) return { status: 400, reason: 'no such task', body: { data: null } };
    if (method === 'DELETE') return this.stop(task);
    if (more === 'log') return this.page(task, query);
    const status = task.exitstatus === undefined ? 'running' : 'stopped';
    return data({ upid: task.upid, status, exitstatus: task.exitstatus });
  }

  private resources(): readonly object[] {
    const ha = this.underHa ? { hastate: 'started' } : {};
    const vm = { type: 'qemu', vmid: 100, node: this.node, status: this.status, ...ha };
    return [{ type: 'lxc', vmid: 101, node: 'pve1', status: 'running' }, vm];
  }

  private configure(text: string): Reply {
    const downtime = new URLSearchParams(text).get('migrate_downtime');
    if (downtime !== null) this.config.migrate_downtime = downtime; // Perl: a number or a string
    return data(null);
  }

  private migrate(text: string): Reply {
    if (this.refusal !== undefined) return failed(this.refusal);
    if (this.config.lock !== undefined) return failed('VM is locked (migrate)');
    const fields = new URLSearchParams(text);
    if (fields.get('online') !== '1') return failed("can't migrate running VM without --online");
    this.posted.push(fields);
    if (this.underHa) {
      const asked = this.add('hamigrate', 'slack@pve!water', 'pve2');
      asked.exitstatus = 'OK';
      return data(asked.upid);
    }
    return data(this.add('qmigrate', 'slack@pve!water', fields.get('target') ?? '').upid);
  }

  private stop(task: Task): Reply {
    if (task.exitstatus === undefined) {
      const at = '2026-01-05 21:47:50';
      this.end('unexpected status', [...LOG.slice(0, 7), `${at} ERROR: interrupted by signal`]);
    }
    return data(null);
  }

  private page({ log }: Task, query: URLSearchParams): Reply {
    const start = Number(query.get('start') ?? 0);
    const page = log.slice(start, start + Number(query.get('limit') ?? 50));
    const lines = page.map((t, index) => ({ n: start + index + 1, t }));
    return { body: { data: lines, total: log.length } };
  }
}

function data(value: unknown): Reply {
  const whole = Array.isArray(value) ? value.map((one) => withTime(one as object)) : value;
  return { body: { data: whole } };
}

/** Tasks carry the start from their UPID. */
function withTime(item: object): object {
  const { upid } = item as { readonly upid?: string };
  return upid === undefined ? item : { ...item, starttime: parseInt(upid.split(':')[4], 16) };
}

function failed(reason: string): Reply {
  return { status: 500, reason, body: { data: null } };
}
