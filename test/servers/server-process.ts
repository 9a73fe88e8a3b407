// A real server under test: started, killed, started again, and never left behind.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { connect } from 'node:net';

export interface ServerCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly logFile: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export class ServerProcess {
  private child: ChildProcess | undefined;

  constructor(private readonly settings: ServerCommand) {}

  /** Resolves when the port accepts connections. */
  async start(timeoutMs = 30_000): Promise<void> {
    const { command, args, environment, logFile, name, port } = this.settings;
    const log = createWriteStream(logFile, { flags: 'a' });
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    running.add(child);
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    let ended = false;
    child.on('exit', () => {
      ended = true;
      running.delete(child);
    });
    this.child = child;
    const deadline = Date.now() + timeoutMs;
    while (!(await accepts(port))) {
      if (ended) throw new Error(`${name} ended while it started; see ${logFile}`);
      if (Date.now() > deadline)
        throw new Error(`${name} did not listen on ${port}; see ${logFile}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Ends it with a signal and waits until the process is gone. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      socket.destroy();
      resolve(false);
    });
  });
}
