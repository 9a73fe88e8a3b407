// A real PostgreSQL of the distribution (not the embedded one): what production would have.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { ServerProcess } from './server-process';

const ROOT = '/usr/lib/postgresql'; // Debian's layout: one folder per major version
const TRIES = 200; // 20 s: recovery after a kill replays at most a few MB here
const NOBODY = 65_534; // initdb and postgres refuse root

function binaries(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const newest = readdirSync(ROOT).toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(ROOT, newest, 'bin');
}

export function postgresIsInstalled(): boolean {
  return binaries() !== undefined;
}

export class PostgresServer {
  private constructor(
    private readonly server: ServerProcess,
    readonly url: string,
    private readonly askReady: () => unknown,
  ) {}

  static async start(): Promise<PostgresServer> {
    const bin = binaries();
    if (bin === undefined) throw new Error(`no PostgreSQL under ${ROOT}`);
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-pg-'));
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(folder, NOBODY, NOBODY);
    const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    const data = join(folder, 'data');
    const settings = ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'];
    execFileSync(join(bin, 'initdb'), settings, { stdio: 'pipe', cwd: folder, ...identity });
    const port = await freePort();
    const as = isRoot
      ? [
          '--reuid',
          String(NOBODY),
          '--regid',
          String(NOBODY),
          '--clear-groups',
          '--pdeathsig',
          'KILL',
        ]
      : ['--pdeathsig', 'KILL'];
    const server = new ServerProcess({
      name: 'PostgreSQL',
      command: 'setpriv',
      args: [
        ...as,
        join(bin, 'postgres'),
        '-D',
        data,
        '-p',
        String(port),
        '-k',
        folder,
        '-c',
        'listen_addresses=127.0.0.1',
        '-c',
        'max_connections=80',
      ],
      port,
      logFile: '/dev/null',
    });
    const started = new PostgresServer(
      server,
      `postgresql://owner@127.0.0.1:${port}/postgres`,
      () =>
        execFileSync(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)], {
          stdio: 'pipe',
        }),
    );
    await started.restart();
    return started;
  }

  kill(): Promise<void> {
    return this.server.stop('SIGQUIT'); // immediate shutdown: no checkpoint, as after a power cut
  }

  /** The port opens before recovery is over: only pg_isready tells. */
  async restart(): Promise<void> {
    await this.server.start();
    for (let tries = 0; ; tries += 1) {
      try {
        this.askReady();
        return;
      } catch (error) {
        if (tries === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  stop(): Promise<void> {
    return this.server.stop('SIGQUIT');
  }
}
