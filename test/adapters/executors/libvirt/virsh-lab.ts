// Two libvirt hosts behind the stand-in of virsh, for the tests of the executor.
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LibvirtExecutor, type LibvirtVm } from '../../../../src/adapters/executors';
import type { ExecutorLab } from '../../../conformance/migration-executor.conformance';

export const COMPLETED = [
  'Job type:         Completed',
  'Operation:        Incoming migration',
  'Time elapsed:     2315         ms',
  'Time elapsed w/o network: 2313 ms',
  'Data processed:   1.035 GiB',
  'Data remaining:   0.000 B',
  'Data total:       4.016 GiB',
  'Memory processed: 1.035 GiB',
  'Memory bandwidth: 512.000 MiB/s',
  'Dirty rate:       0            pages/s',
  'Iteration:        4',
  'Total downtime:   63           ms',
  'Downtime w/o network: 61 ms',
  '',
].join('\n');

export class VirshLab implements ExecutorLab {
  readonly dir = mkdtempSync(join(tmpdir(), 'slackwater-virsh-'));
  readonly folder = join(this.dir, 'runs');

  constructor() {
    copyFileSync(join(__dirname, 'virsh-standin.sh'), join(this.dir, 'virsh'));
    chmodSync(join(this.dir, 'virsh'), 0o755);
    this.write('domain-a', 'running\n');
    this.write('figures', COMPLETED);
  }

  open(vm: Partial<LibvirtVm> = {}, timeoutMs = 3_000): LibvirtExecutor {
    const vms = { v: { domain: 'till', source: 'test://a', destination: 'test://b', ...vm } };
    const virsh = join(this.dir, 'virsh');
    return new LibvirtExecutor({ virsh, timeoutMs, folder: this.folder, vms });
  }

  /** As the command reads them. */
  file(vmId: string): object {
    const vm = { domain: 'till', source: 'test://a', destination: 'test://b' };
    return { virsh: join(this.dir, 'virsh'), vms: { [vmId]: vm } };
  }

  read(name: string): string {
    const path = join(this.dir, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.dir, `${name}.new`), text);
    renameSync(join(this.dir, `${name}.new`), join(this.dir, name));
  }

  remove(name: string): void {
    rmSync(join(this.dir, name), { recursive: true, force: true });
  }

  starts(): number {
    return this.read('starts').split('\n').length - 1;
  }

  succeed(): void {
    if (this.read('job') === 'other') this.remove('job');
    else this.write('end', 'ok');
  }

  fail(words: string): void {
    this.write('end', `internal error: ${words}`);
  }

  migrateByOther(): void {
    this.write('completed-a', COMPLETED);
  }

  otherRuns(): void {
    this.write('job', 'other');
  }

  stopVm(): void {
    this.write('domain-a', 'shut off\n');
  }

  break(how: 'silent' | 'nonsense' | 'forbidden' | undefined): void {
    if (how === undefined) this.remove('break');
    else this.write('break', how);
  }

  lose(what: 'answer' | 'question'): void {
    this.write(`lose-${what}`, '');
  }

  refuseStart(words: string): void {
    this.write('refuse', words);
  }

  forget(): void {
    this.remove('runs');
    this.remove('domain-a');
    this.remove('job');
  }

  async close(): Promise<void> {
    this.write('quit', '');
    await new Promise((done) => setTimeout(done, 60)); // what still polls has seen it
  }
}
