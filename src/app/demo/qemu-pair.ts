// Two QEMU processes on the loopback under emulation: a source that runs our guest, a destination that waits.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QemuVm } from '../../adapters/executors';
import { DomainError } from '../../core';

const GUEST = join(__dirname, '../../../native/guest');
const PROGRAM = 'qemu-system-x86_64';

export interface GuestLoad {
  readonly memoryMib: number;
  readonly usedMib: number;
  /** Pages that are dirtied in turn, pages a burst, and 1,000 cycles between bursts. */
  readonly pages?: number;
  readonly rate?: number;
  readonly waitKilocycles?: number;
}

/** Why real migrations cannot be tried here; undefined where they can. */
export function whyNoQemu(): string | undefined {
  for (const [program, packages] of [
    [PROGRAM, 'qemu-system-x86'],
    ['gcc', 'gcc'],
    ['ld', 'binutils'],
  ]) {
    const { error } = spawnSync(program, ['--version']);
    if (error) return `${program} is not installed (Debian: ${packages})`;
  }
  return undefined;
}

/** Builds the guest; needs gcc and ld only. */
export function buildGuest(folder: string): string {
  const flags =
    '-m32 -O2 -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -mgeneral-regs-only -fno-builtin -Wall -Wextra -Werror -c';
  const image = join(folder, 'guest.elf');
  const [main, boot] = ['guest.o', 'boot.o'].map((name) => join(folder, name));
  for (const [program, ...args] of [
    ['gcc', ...flags.split(' '), join(GUEST, 'guest.c'), '-o', main],
    ['gcc', '-m32', '-c', join(GUEST, 'boot.S'), '-o', boot],
    [
      'ld',
      '-m',
      'elf_i386',
      '-nostdlib',
      '-n',
      '-T',
      join(GUEST, 'guest.ld'),
      '-o',
      image,
      boot,
      main,
    ],
  ]) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new DomainError('INTERNAL', `the guest cannot be built: ${stderr}`);
  }
  return image;
}

export class QemuPair {
  readonly folder = mkdtempSync(join(tmpdir(), 'slackwater-qemu-'));
  readonly source: ChildProcess;
  readonly destination: ChildProcess;

  constructor(image: string, load: GuestLoad, destinationMib = load.memoryMib) {
    this.source = this.spawn('source', image, load, load.memoryMib, []);
    this.destination = this.spawn('destination', image, load, destinationMib, [
      '-incoming',
      'defer',
    ]);
  }

  get vm(): QemuVm {
    return {
      source: join(this.folder, 'source.qmp'),
      destination: join(this.folder, 'destination.qmp'),
      listen: 'tcp:127.0.0.1:0',
      destinationLog: join(this.folder, 'destination.log'),
    };
  }

  /** Until both monitors are there. */
  async ready(): Promise<this> {
    for (let waits = 0; !existsSync(this.vm.source) || !existsSync(this.vm.destination);) {
      waits += 1;
      if (waits > 1_000) {
        throw new DomainError('EXECUTOR_UNREACHABLE', 'QEMU opened no monitor within 20 s');
      }
      await new Promise((done) => setTimeout(done, 20));
    }
    return this;
  }

  async end(): Promise<void> {
    for (const child of [this.source, this.destination]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((done) => child.once('exit', done));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  private spawn(
    name: string,
    image: string,
    load: GuestLoad,
    memoryMib: number,
    more: readonly string[],
  ): ChildProcess {
    const { usedMib, pages = 0, rate = 0, waitKilocycles = 1_000 } = load;
    const line = `used=${usedMib} pages=${pages} rate=${rate} wait=${waitKilocycles}`;
    // /dev/kvm may exist and still be unusable: emulation always works.
    const machine = ['-accel', 'tcg', '-M', 'pc', '-smp', '1', '-m', String(memoryMib)];
    const plain = ['-nodefaults', '-display', 'none', '-no-reboot', '-kernel', image];
    const monitor = ['-qmp', `unix:${join(this.folder, name)}.qmp,server=on,wait=off`];
    const log = openSync(join(this.folder, `${name}.log`), 'w');
    return spawn(PROGRAM, [...machine, ...plain, '-append', line, ...monitor, ...more], {
      stdio: ['ignore', log, log],
    });
  }
}
