// libvirt through virsh: `migrate` runs as a process of its own that outlives this one; its end is
// in its run file, the figures in `domjobinfo --completed`, the truth in where the domain runs.
import type { ChildProcess } from 'node:child_process';
import type { FileHandle } from 'node:fs/promises';
import { DomainError } from '../../../core';
import {
  MigrationExecutor,
  type MigrationOrder,
  type MigrationReport,
  type Preparation,
  type Sight,
} from '../../../migration';
import { causeOf } from '../failure-cause';
import { keyOf, vmOf } from '../orders';
import { readJobInfo, type JobInfo } from './job-info';
import { RunFiles, type Run } from './run-file';
import { complaintIn, Virsh } from './virsh';

export interface LibvirtVm {
  readonly domain: string;
  /** Connection URIs: "qemu+ssh://host/system". */
  readonly source: string;
  readonly destination: string;
  /** Where the memory goes: "tcp://10.0.0.2"; absent: libvirt's choice. */
  readonly migrateUri?: string;
  readonly peerToPeer?: boolean;
  readonly copyStorage?: boolean;
  /** Defined on the destination and no longer on the source; default true. */
  readonly persistent?: boolean;
}

export interface LibvirtSettings {
  /** Default "virsh". */
  readonly virsh?: string;
  /** Of each question; a migration itself has none. */
  readonly timeoutMs?: number;
  /** Holds a file per migration; as durable as the journal. */
  readonly folder: string;
  readonly vms: Readonly<Record<string, LibvirtVm>>;
}

const MIB = 2 ** 20;
/** A completed job that took this much longer than our own run is another one. */
const SPARE_MS = 5_000;
const ABSENT = /domain not found|failed to get domain|no domain with matching/i;
const NO_JOB = /no job|not being migrated|no .*migration/i;

export class LibvirtExecutor extends MigrationExecutor {
  override readonly kind = 'libvirt';
  private readonly virsh: Virsh;
  private readonly runs: RunFiles;
  private readonly children = new Map<string, ChildProcess>();
  private readonly limited = new Set<string>();
  private readonly cancelled = new Set<string>();
  private readonly notes = new Map<string, string>();
  private readonly figures = new Map<string, JobInfo>();

  constructor(private readonly settings: LibvirtSettings) {
    super();
    this.virsh = new Virsh(settings.virsh, settings.timeoutMs);
    this.runs = new RunFiles(settings.folder);
  }

  override get vmIds(): readonly string[] {
    return Object.keys(this.settings.vms);
  }

  override async prepare(order: MigrationOrder): Promise<Preparation> {
    const vm = this.vm(order);
    const refuse = (why: string): never => {
      throw new DomainError('EXECUTOR_REFUSED', `VM '${order.vmId}' (${vm.domain}) ${why}`);
    };
    const state = await this.state(vm.source, vm);
    if (state !== 'running') refuse(`is ${state ?? `not at '${vm.source}'`}, not running`);
    const job = await this.job(vm.source, vm);
    if (job.type !== 'None') refuse(`has a job already (${job.operation ?? job.type})`);
    const there = await this.state(vm.destination, vm);
    if (there === 'running') refuse(`runs at '${vm.destination}' already`);
    this.runs.make();
    const settings = {
      command: this.virsh.command(vm.source, migrateWords(order, vm)).join(' '),
      'migrate-setmaxdowntime': Math.round(order.downtimeLimitMs),
    };
    return { evidence: { domain: vm.domain }, settings };
  }

  override async start(order: MigrationOrder): Promise<void> {
    const vm = this.vm(order);
    let file: FileHandle;
    try {
      await this.limit(order, vm);
      this.runs.make();
      file = await this.runs.begin(order);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
        throw new DomainError('EXECUTOR_UNREACHABLE', 'virsh was started for this order before');
      }
      // virsh migrate was not started: whatever went wrong, nothing has begun.
      const why = error instanceof Error ? error.message : String(error);
      throw new DomainError('EXECUTOR_REFUSED', why, {}, { cause: error });
    }
    try {
      const child = await this.virsh.launch(vm.source, migrateWords(order, vm), file.fd);
      this.children.set(keyOf(order), child);
    } catch (error) {
      this.runs.drop(order);
      throw new DomainError('EXECUTOR_REFUSED', String(error), {}, { cause: error });
    } finally {
      await file.close();
    }
  }

  override async look(order: MigrationOrder): Promise<Sight> {
    const vm = this.vm(order);
    if (!this.runs.exists) {
      const detail = `the folder '${this.settings.folder}' is gone: nothing is known of earlier runs`;
      return { state: 'unknown', detail };
    }
    const run = this.runs.read(order);
    if (!run.began) return { state: 'none', detail: 'virsh was never started for it' };
    const ended = await this.ended(order, vm, run);
    if (ended !== undefined) return ended;
    const here = await this.state(vm.source, vm);
    const job = here === undefined ? undefined : await this.job(vm.source, vm);
    if (job?.operation?.startsWith('Outgoing migration')) {
      await this.limitRunning(order, vm);
      return { state: 'running', rounds: job.iteration };
    }
    if (this.alive(order)) return { state: 'running' };
    // It may have ended since the run was read; virsh writes its end before it goes.
    const atEnd = await this.ended(order, vm, this.runs.read(order));
    if (atEnd !== undefined) return atEnd;
    // virsh is gone without an end: where the domain runs may tell.
    if (here !== 'running' && (await this.state(vm.destination, vm)) === 'running') {
      const detail = 'virsh left no end; the domain runs at the destination';
      return { state: 'ended', report: await this.moved(order, vm, run, detail) };
    }
    const detail = `virsh left no end; the domain is ${here ?? 'absent'} at the source`;
    return { state: 'unknown', detail };
  }

  override async cancel(order: MigrationOrder): Promise<void> {
    const vm = this.vm(order);
    const words = ['domjobabort', vm.domain];
    this.cancelled.add(keyOf(order));
    const { code, complaint } = await this.virsh.ask(vm.source, words);
    if (code === 0 || NO_JOB.test(complaint) || ABSENT.test(complaint)) return;
    throw this.virsh.unreachable(vm.source, words, complaint);
  }

  /** What virsh does goes on. */
  override close(): Promise<void> {
    this.children.clear();
    return Promise.resolve();
  }

  /** Undefined where the run has no end. */
  private async ended(order: MigrationOrder, vm: LibvirtVm, run: Run): Promise<Sight | undefined> {
    if (run.exitCode === undefined) return undefined;
    return { state: 'ended', report: await this.report(order, vm, run) };
  }

  private async report(order: MigrationOrder, vm: LibvirtVm, run: Run): Promise<MigrationReport> {
    const said = complaintIn(run.said);
    if (run.exitCode === 0) return this.moved(order, vm, run);
    const here = await this.state(vm.source, vm);
    if (here !== 'running' && (await this.state(vm.destination, vm)) === 'running') {
      return this.moved(order, vm, run, said); // it failed after the domain had moved
    }
    const detail = `${said}; the domain is ${here ?? 'absent'} at the source`;
    const cause = causeOf(said);
    const stopped = cause === 'operator' || this.cancelled.has(keyOf(order));
    return {
      status: stopped ? 'cancelled' : 'failed',
      cause: stopped ? 'operator' : cause,
      detail,
    };
  }

  private async moved(
    order: MigrationOrder,
    vm: LibvirtVm,
    { lengthMs }: Run,
    why?: string,
  ): Promise<MigrationReport> {
    const detail = [why, this.notes.get(keyOf(order))].filter(Boolean).join('; ') || undefined;
    const info = this.figures.get(keyOf(order)) ?? (await this.completed(vm, lengthMs));
    this.figures.set(keyOf(order), info);
    const { elapsedMs: totalTimeMs, bytesSent, iteration: rounds } = info;
    // In post-copy libvirt's pause is QEMU's: 1 or 2 ms whatever it really was.
    const downtimeMs = order.mode === 'post-copy' ? undefined : info.downtimeMs;
    return { status: 'completed', totalTimeMs, downtimeMs, bytesSent, rounds, detail };
  }

  /** A completed job is destroyed where it is read: it is asked to be kept, where virsh knows how. */
  private async completed(vm: LibvirtVm, lengthMs: number): Promise<JobInfo> {
    const none: JobInfo = { type: 'None' };
    for (const uri of [vm.source, vm.destination]) {
      const words = ['domjobinfo', vm.domain, '--completed'];
      let answer = await this.virsh.ask(uri, [...words, '--keep-completed']);
      if (answer.code !== 0 && answer.complaint.includes('--keep-completed')) {
        answer = await this.virsh.ask(uri, words);
      }
      const info = answer.code === 0 ? readJobInfo(answer.out) : undefined;
      const ours =
        info?.type === 'Completed' && (info.operation ?? 'migration').includes('migration');
      if (ours && (info?.elapsedMs ?? 0) <= lengthMs + SPARE_MS) return info ?? none;
    }
    return none;
  }

  /** In ms. Older libvirt takes it only while a migration runs: then the first look sets it. */
  private async limit(order: MigrationOrder, vm: LibvirtVm): Promise<void> {
    const words = ['migrate-setmaxdowntime', vm.domain, String(Math.round(order.downtimeLimitMs))];
    const { code, complaint } = await this.virsh.ask(vm.source, words);
    if (code === 0) this.limited.add(keyOf(order));
    else if (!NO_JOB.test(complaint)) {
      throw new DomainError('EXECUTOR_REFUSED', `virsh ${words.join(' ')}: ${complaint}`);
    }
  }

  /** It runs already: what hinders is said in the end. */
  private async limitRunning(order: MigrationOrder, vm: LibvirtVm): Promise<void> {
    if (this.limited.has(keyOf(order))) return;
    try {
      await this.limit(order, vm);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'EXECUTOR_REFUSED') throw error;
      this.limited.add(keyOf(order)); // once is enough
      this.notes.set(keyOf(order), `the limit was not set: ${error.message}`);
    }
  }

  private async state(uri: string, { domain }: LibvirtVm): Promise<string | undefined> {
    const words = ['domstate', domain];
    const { code, out, complaint } = await this.virsh.ask(uri, words);
    const state = out.trim();
    if (
      code === 0 &&
      /^(running|idle|paused|in shutdown|shut off|crashed|pmsuspended|no state|dying)$/.test(state)
    ) {
      return state;
    }
    if (code !== 0 && ABSENT.test(complaint)) return undefined;
    const why = code === 0 ? `answers nonsense: '${state.slice(0, 80)}'` : complaint;
    throw this.virsh.unreachable(uri, words, why);
  }

  private async job(uri: string, { domain }: LibvirtVm): Promise<JobInfo> {
    const words = ['domjobinfo', domain];
    const { code, out, complaint } = await this.virsh.ask(uri, words);
    const info = code === 0 ? readJobInfo(out) : undefined;
    if (info !== undefined) return info;
    if (ABSENT.test(complaint)) return { type: 'None' }; // it has just left
    const why = code === 0 ? `answers nonsense: '${out.trim().slice(0, 80)}'` : complaint;
    throw this.virsh.unreachable(uri, words, why);
  }

  private alive(order: MigrationOrder): boolean {
    const child = this.children.get(keyOf(order));
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  private vm(order: MigrationOrder): LibvirtVm {
    return vmOf(this.settings.vms, order);
  }
}

/** `--bandwidth` is in MiB/s. */
function migrateWords(order: MigrationOrder, vm: LibvirtVm): readonly string[] {
  const { mode, bandwidthBytesPerSec: bandwidth } = order;
  const mibPerSec = bandwidth === undefined ? [] : [Math.max(1, Math.floor(bandwidth / MIB))];
  return [
    'migrate',
    '--live',
    ...(vm.persistent === false ? [] : ['--persistent', '--undefinesource']),
    ...(vm.peerToPeer === true ? ['--p2p'] : []),
    ...(vm.copyStorage === true ? ['--copy-storage-all'] : []),
    ...(mode === 'auto-converge' ? ['--auto-converge'] : []),
    ...(mode === 'post-copy' ? ['--postcopy', '--postcopy-after-precopy'] : []),
    ...mibPerSec.flatMap((rate) => ['--bandwidth', String(rate)]),
    vm.domain,
    vm.destination,
    ...(vm.migrateUri === undefined ? [] : [vm.migrateUri]),
  ];
}
