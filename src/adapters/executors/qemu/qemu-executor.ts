// QEMU by QMP: source and destination are processes that run already; the destination waits with
// "-incoming defer". Lessons from real migrations are marked (1) to (4): docs/executors.md.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, type Json } from '../../../core';
import {
  MigrationExecutor,
  type MigrationOrder,
  type MigrationReport,
  type Preparation,
  type Sight,
} from '../../../migration';
import { causeOf } from '../failure-cause';
import { vmOf } from '../orders';
import { Qmp, QmpRefusal } from './qmp';

export interface QemuVm {
  /** QMP sockets. */
  readonly source: string;
  readonly destination: string;
  /** Where the destination listens; port 0 takes a free one. */
  readonly listen: string;
  /** The destination's stderr: often the only place that says why it failed. */
  readonly destinationLog?: string;
}

interface MigrateInfo {
  readonly status?: string;
  readonly 'total-time'?: number;
  readonly downtime?: number;
  readonly 'error-desc'?: string;
  readonly ram?: { readonly transferred?: number; readonly 'dirty-sync-count'?: number };
  readonly 'socket-address'?: readonly { readonly host: string; readonly port: string }[];
}

/** (1) `completed` can come before its totals: read again after this long. */
const TOTALS_MS = 400;
const LOG_TAIL_BYTES = 2_048;
const OVER = ['completed', 'failed', 'cancelled'];
/** Post-copy takes over when all memory was sent once. */
const POST_COPY_ROUND = 2;

export class QemuExecutor extends MigrationExecutor {
  override readonly kind = 'qemu';
  private readonly open = new Map<string, Qmp>();
  private readonly switched = new Set<string>();

  constructor(private readonly vms: Readonly<Record<string, QemuVm>>) {
    super();
  }

  override get vmIds(): readonly string[] {
    return Object.keys(this.vms);
  }

  override async prepare(order: MigrationOrder): Promise<Preparation> {
    const source = await this.qmp(this.vm(order).source);
    await this.qmp(this.vm(order).destination);
    const { status } = await source.call<{ status: string }>('query-status');
    if (status !== 'running') {
      throw new DomainError('EXECUTOR_REFUSED', `VM '${order.vmId}' is ${status}, not running`);
    }
    const before = await source.call<MigrateInfo>('query-migrate');
    if (before.status !== undefined && ![...OVER, 'none'].includes(before.status)) {
      const message = `VM '${order.vmId}' is being migrated already (${before.status})`;
      throw new DomainError('EXECUTOR_REFUSED', message);
    }
    return { evidence: evidenceOf(before), settings: { ...parametersOf(order), mode: order.mode } };
  }

  override async start(order: MigrationOrder): Promise<void> {
    const { listen } = this.vm(order);
    const source = await this.qmp(this.vm(order).source);
    const destination = await this.qmp(this.vm(order).destination);
    const uri = await orRefused(async () => {
      const capabilities = capabilitiesOf(order);
      for (const side of [source, destination]) {
        await side.call('migrate-set-capabilities', { capabilities });
        side.eventsMs.clear();
      }
      await source.call('migrate-set-parameters', parametersOf(order));
      await destination.call('migrate-incoming', { uri: listen });
      const { 'socket-address': places } = await destination.call<MigrateInfo>('query-migrate');
      const { host, port } = places?.[0] ?? { host: '', port: '' };
      return `tcp:${host}:${port}`;
    });
    this.switched.delete(order.vmId);
    await orRefused(() => source.call('migrate', { uri }));
  }

  override async look(order: MigrationOrder, evidence: Json): Promise<Sight> {
    const source = await this.qmp(this.vm(order).source);
    const info = await source.call<MigrateInfo>('query-migrate');
    const { status } = info;
    const rounds = info.ram?.['dirty-sync-count'];
    if (status === undefined || status === 'none') {
      return { state: 'none', detail: 'QEMU has seen no migration' };
    }
    if (!OVER.includes(status)) {
      if (order.mode === 'post-copy') await this.switchOver(order, source, status, rounds);
      return { state: 'running', rounds };
    }
    if (JSON.stringify(evidenceOf(info)) === JSON.stringify(evidence)) {
      // Equal to the millisecond to what was there before the call: an earlier migration's end.
      return { state: 'none', detail: `QEMU still shows the ${status} migration before it` };
    }
    if (status === 'completed') return { state: 'ended', report: await this.totals(order, source) };
    const { status: runs } = await source.call<{ status: string }>('query-status'); // (4)
    const said = [info['error-desc'], this.logTail(order), `the source is ${runs}`]
      .filter((part) => part !== undefined && part !== '')
      .join('; ');
    const cause = status === 'cancelled' ? 'operator' : causeOf(said);
    const report = { ...figuresOf(info), status: status as 'failed', cause, detail: said };
    return { state: 'ended', report: { ...report, downtimeMs: undefined } };
  }

  override async cancel(order: MigrationOrder): Promise<void> {
    const source = await this.qmp(this.vm(order).source);
    await source.call('migrate_cancel');
  }

  override close(): Promise<void> {
    for (const qmp of this.open.values()) qmp.close();
    this.open.clear();
    return Promise.resolve();
  }

  private async totals(order: MigrationOrder, source: Qmp): Promise<MigrationReport> {
    let info = await source.call<MigrateInfo>('query-migrate');
    if (!info['total-time'] || !info.downtime) {
      await sleep(TOTALS_MS);
      info = await source.call<MigrateInfo>('query-migrate');
    }
    const report = { status: 'completed', ...figuresOf(info) } as const;
    if (order.mode !== 'post-copy') return report;
    // (2) Post-copy reports 1 or 2 ms; the pause is from STOP there to RESUME here, or unknown.
    const stoppedMs = source.eventsMs.get('STOP');
    const resumedMs = (await this.qmp(this.vm(order).destination)).eventsMs.get('RESUME');
    const seen = stoppedMs !== undefined && resumedMs !== undefined && resumedMs > stoppedMs;
    return { ...report, downtimeMs: seen ? resumedMs - stoppedMs : undefined };
  }

  private async switchOver(
    { vmId }: MigrationOrder,
    source: Qmp,
    status: string,
    rounds = 0,
  ): Promise<void> {
    if (status !== 'active' || rounds < POST_COPY_ROUND || this.switched.has(vmId)) return;
    this.switched.add(vmId);
    await source.call('migrate-start-postcopy');
  }

  private vm(order: MigrationOrder): QemuVm {
    return vmOf(this.vms, order);
  }

  /** One connection per monitor, kept for its events: QEMU serves one client at a time. */
  private async qmp(path: string): Promise<Qmp> {
    const known = this.open.get(path);
    if (known !== undefined && !known.closed) return known;
    const qmp = await Qmp.connect(path);
    this.open.set(path, qmp);
    return qmp;
  }

  private logTail(order: MigrationOrder): string {
    const { destinationLog } = this.vm(order);
    if (destinationLog === undefined) return '';
    try {
      const file = openSync(destinationLog, 'r');
      try {
        const bytes = Buffer.alloc(LOG_TAIL_BYTES);
        const from = Math.max(0, fstatSync(file).size - LOG_TAIL_BYTES);
        return bytes.toString('utf8', 0, readSync(file, bytes, 0, LOG_TAIL_BYTES, from)).trim();
      } finally {
        closeSync(file);
      }
    } catch (error) {
      return `its log '${destinationLog}' cannot be read (${(error as NodeJS.ErrnoException).code})`;
    }
  }
}

/** Bytes/s and ms are QEMU's own units too. */
function parametersOf(order: MigrationOrder): Record<string, number> {
  const { bandwidthBytesPerSec: bandwidth, downtimeLimitMs } = order;
  return {
    'downtime-limit': Math.round(downtimeLimitMs),
    ...(bandwidth !== undefined && { 'max-bandwidth': Math.round(bandwidth) }),
  };
}

function capabilitiesOf({ mode }: MigrationOrder): readonly object[] {
  return [
    { capability: 'events', state: true },
    { capability: 'auto-converge', state: mode === 'auto-converge' },
    { capability: 'postcopy-ram', state: mode === 'post-copy' },
  ];
}

/** QEMU numbers no migrations: the end of the last one, with its figures, stands for it. */
function evidenceOf({ status = 'none', 'total-time': totalMs, ram }: MigrateInfo): Json {
  return { status, totalMs: totalMs ?? null, sent: ram?.transferred ?? null };
}

/** A 0 is not told: absent. */
function figuresOf(info: MigrateInfo): Omit<MigrationReport, 'status'> {
  return {
    totalTimeMs: info['total-time'] || undefined,
    downtimeMs: info.downtime || undefined,
    bytesSent: info.ram?.transferred || undefined,
    rounds: info.ram?.['dirty-sync-count'],
  };
}

async function orRefused<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof QmpRefusal)) throw error;
    throw new DomainError('EXECUTOR_REFUSED', `QEMU: ${error.message}`, {}, { cause: error });
  }
}
