// virsh as a program: short questions within a time, and migrations that outlive this process.
import { spawn, type ChildProcess } from 'node:child_process';
import { DomainError } from '../../../core';

export interface VirshAnswer {
  readonly code: number;
  readonly out: string;
  /** What it complained of, "error: " taken away. */
  readonly complaint: string;
}

const TIMEOUT_MS = 10_000;
const OUTPUT_BYTES_MAX = 2 ** 20;
/** What virsh and its ssh may know of our environment. */
const PASSED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK', 'XDG_RUNTIME_DIR', 'TMPDIR'];
/** Runs the words after it, and leaves their end in the log. */
const WITH_END = '"$@"; printf "\\nexit %s\\n" $?';

export class Virsh {
  constructor(
    private readonly program = 'virsh',
    private readonly timeoutMs = TIMEOUT_MS,
  ) {}

  /** Throws EXECUTOR_UNREACHABLE where virsh cannot be started, does not end, or cannot connect. */
  async ask(uri: string, words: readonly string[]): Promise<VirshAnswer> {
    const answer = await this.run(uri, words);
    const { complaint } = answer;
    if (
      answer.code !== 0 &&
      /failed to connect|authentication|cannot recv|end of file/i.test(complaint)
    ) {
      throw this.unreachable(uri, words, complaint);
    }
    return answer;
  }

  unreachable(uri: string, words: readonly string[], why: string): DomainError {
    const message = `libvirt at '${uri}': ${this.program} ${words.join(' ')}: ${why}`;
    return new DomainError('EXECUTOR_UNREACHABLE', message);
  }

  command(uri: string, words: readonly string[]): readonly string[] {
    return [this.program, '-q', '-c', uri, ...words];
  }

  /** Output and end go to the open file `log`; it goes on when this process ends. */
  async launch(uri: string, words: readonly string[], log: number): Promise<ChildProcess> {
    const child = spawn('/bin/sh', ['-c', WITH_END, 'sh', ...this.command(uri, words)], {
      detached: true,
      env: environment(),
      stdio: ['ignore', log, log],
    });
    await new Promise<void>((done, failed) => {
      child.once('spawn', done);
      child.once('error', failed);
    });
    child.unref();
    return child;
  }

  private run(uri: string, words: readonly string[]): Promise<VirshAnswer> {
    const [program, ...rest] = this.command(uri, words);
    const child = spawn(program, rest, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      if (out.length < OUTPUT_BYTES_MAX) out += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      if (said.length < OUTPUT_BYTES_MAX) said += part;
    });
    return new Promise((done, failed) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        child.stdout.destroy();
        child.stderr.destroy();
        failed(this.unreachable(uri, words, `no answer within ${this.timeoutMs / 1_000} s`));
      }, this.timeoutMs);
      child.once('error', (error) => {
        clearTimeout(timer);
        failed(this.unreachable(uri, words, error.message));
      });
      child.once('close', (code) => {
        clearTimeout(timer);
        done({ code: code ?? 1, out, complaint: complaintIn(said) });
      });
    });
  }
}

/** One line: what stands after each "error:". */
export function complaintIn(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().replace(/^error:\s*/, ''));
  return lines.filter((line) => line !== '').join('; ');
}

/** LC_ALL=C: virsh translates what it prints. */
function environment(): Record<string, string> {
  const known = PASSED.map((name) => [name, process.env[name]] as const);
  const set = known.filter((pair): pair is readonly [string, string] => pair[1] !== undefined);
  return { ...Object.fromEntries(set), LC_ALL: 'C' };
}
