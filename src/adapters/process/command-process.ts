// A program per question: no shell, a group of its own, bounds of time, memory, and answer.
import { spawn, type ChildProcess } from 'node:child_process';
import { DomainError } from '../../core';
import { OutsideProcess, type Exchange } from '../../models';
import { findProgram } from './find-program';

export interface CommandBounds {
  readonly secondsMax: number;
  /** Of data (heap, anonymous memory) in each process; held by `prlimit` where the system has it. */
  readonly memoryBytesMax: number;
}

const STDERR_KEPT_BYTES = 4_096;
const LINE_MAX = 200; // characters of the last line that a reason quotes
const PIPES_CLOSE_MS = 1_000; // after the group is dead: someone who left the group may hold a pipe
/** What a program may know of our environment: no address, no password of a server. */
const PASSED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'VIRTUAL_ENV', 'PYTHONPATH'];
/** One question uses one core; numeric libraries would otherwise take all of them. */
const THREADS = ['OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS'];

/** Starts `command` (program and arguments) once per question. */
export class CommandProcess extends OutsideProcess {
  private readonly program: string;
  private readonly words: readonly string[];

  /** Throws PROGRAM_UNSTARTABLE where the program is no executable file. */
  constructor(
    command: readonly string[],
    private readonly bounds: CommandBounds,
  ) {
    super();
    const found = findProgram(command[0] ?? '');
    if (found === undefined) throw unstartable(command[0] ?? '', 'no executable file of that name');
    const limiter = findProgram('prlimit');
    const limits = [`--data=${bounds.memoryBytesMax}`, '--core=0', '--'];
    const limited = limiter === undefined ? [] : [limiter, ...limits];
    [this.program, ...this.words] = [...limited, found, ...command.slice(1)];
  }

  override async ask(question: Uint8Array, answerBytesMax: number): Promise<Exchange> {
    const env = Object.fromEntries([
      ...PASSED.map((name) => [name, process.env[name]] as const),
      ...THREADS.map((name) => [name, '1'] as const),
    ]);
    const child = spawn(this.program, this.words, { detached: true, env, stdio: 'pipe' });
    const release = killWithUs(child);
    try {
      return await this.exchange(child, question, answerBytesMax);
    } finally {
      release();
    }
  }

  private exchange(
    child: ChildProcess,
    question: Uint8Array,
    answerBytesMax: number,
  ): Promise<Exchange> {
    const { secondsMax } = this.bounds;
    const parts: Buffer[] = [];
    let bytes = 0;
    let complaint = Buffer.alloc(0);
    let stopped: string | undefined;
    const stop = (reason: string): void => {
      stopped ??= reason;
      killGroup(child);
    };
    child.stdin?.on('error', () => undefined); // It ended before it had read all: its exit says why.
    child.stdin?.end(question);
    child.stdout?.on('data', (part: Buffer) => {
      bytes += part.length;
      if (bytes <= answerBytesMax) parts.push(part);
      else stop(`answered more than ${answerBytesMax} bytes`);
    });
    child.stderr?.on('data', (part: Buffer) => {
      complaint = Buffer.concat([complaint, part]).subarray(-STDERR_KEPT_BYTES);
    });
    return new Promise((done, failed) => {
      const deadline = setTimeout(
        () => stop(`did not answer within ${secondsMax} s`),
        secondsMax * 1_000,
      );
      child.once('error', (error) => {
        clearTimeout(deadline);
        failed(unstartable(this.program, error.message));
      });
      child.once('exit', () => {
        killGroup(child); // What it started must not outlive it.
        setTimeout(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        }, PIPES_CLOSE_MS).unref();
      });
      child.once('close', (code, signal) => {
        clearTimeout(deadline);
        const said = lastLine(complaint);
        if (said.startsWith('prlimit: failed to execute')) failed(unstartable(this.program, said));
        else if (stopped !== undefined) done({ refused: stopped });
        else if (code === 0) done({ answer: Buffer.concat(parts) });
        else done({ refused: `ended with ${signal ?? `exit code ${code}`}${said && `: ${said}`}` });
      });
    });
  }
}

function unstartable(program: string, why: string): DomainError {
  return new DomainError('PROGRAM_UNSTARTABLE', `'${program}' cannot be started: ${why}`);
}

/** The end of what was said on stderr, in printable characters. */
function lastLine(bytes: Buffer): string {
  const lines = bytes.toString('utf8').trim().split('\n');
  return (lines.at(-1) ?? '').replaceAll(/\p{C}/gu, ' ').slice(0, LINE_MAX);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody of the group is left, which is what was wanted
  }
}

/** A group of its own does not see Ctrl-C: it is killed for it. Returns how to end the watch. */
function killWithUs(child: ChildProcess): () => void {
  const onSignal = (signal: NodeJS.Signals): void => {
    killGroup(child);
    release();
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const onExit = (): void => killGroup(child);
  const release = (): void => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('exit', onExit);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('exit', onExit);
  return release;
}
