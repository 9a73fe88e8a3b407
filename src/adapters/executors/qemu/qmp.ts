// QMP over a UNIX socket: one command at a time; events kept with QEMU's own time.
import { createConnection, type Socket } from 'node:net';
import { DomainError } from '../../../core';

const ANSWER_MS_MAX = 5_000;

export class QmpRefusal extends Error {}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export class Qmp {
  /** First instant of each event since `clearEvents`, epoch ms by QEMU's clock. */
  readonly eventsMs = new Map<string, number>();
  private readonly waiting: Waiting[] = [];
  private rest = '';

  private constructor(
    private readonly path: string,
    private readonly socket: Socket,
  ) {
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.read(text));
    socket.on('error', (error) => this.fail(error.message));
    socket.on('close', () => this.fail('it closed the connection'));
  }

  /** Throws EXECUTOR_UNREACHABLE where nobody answers. */
  static async connect(path: string): Promise<Qmp> {
    const qmp = new Qmp(path, createConnection(path));
    try {
      await qmp.next(); // the greeting
      await qmp.call('qmp_capabilities');
      return qmp;
    } catch (error) {
      qmp.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  /** Throws QmpRefusal with QEMU's words, EXECUTOR_UNREACHABLE without an answer. */
  async call<T = unknown>(execute: string, args?: object): Promise<T> {
    this.socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
    return (await this.next()) as T;
  }

  close(): void {
    this.socket.destroy();
  }

  private next(): Promise<unknown> {
    if (this.closed) return Promise.reject(this.unreachable('it closed the connection'));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.socket.destroy(), ANSWER_MS_MAX);
      const settle =
        <V>(done: (value: V) => void) =>
        (value: V): void => {
          clearTimeout(timer);
          done(value);
        };
      this.waiting.push({ resolve: settle(resolve), reject: settle(reject) });
    });
  }

  private read(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.take(line);
  }

  private take(line: string): void {
    const said = JSON.parse(line) as {
      readonly event?: string;
      readonly timestamp?: { readonly seconds: number; readonly microseconds: number };
      readonly error?: { readonly desc: string };
      readonly return?: unknown;
    };
    if (said.event !== undefined && said.timestamp !== undefined) {
      const { seconds, microseconds } = said.timestamp;
      this.eventsMs.set(said.event, seconds * 1_000 + microseconds / 1_000);
    } else if (said.error !== undefined) {
      this.waiting.shift()?.reject(new QmpRefusal(said.error.desc));
    } else {
      this.waiting.shift()?.resolve(said.return);
    }
  }

  private fail(why: string): void {
    for (const { reject } of this.waiting.splice(0)) reject(this.unreachable(why));
  }

  private unreachable(why: string): DomainError {
    return new DomainError(
      'EXECUTOR_UNREACHABLE',
      `QEMU at '${this.path}' does not answer: ${why}`,
    );
  }
}
