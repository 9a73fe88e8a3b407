// A real Redis without persistence of its own: the ledger is the truth, the queue may be lost.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { ServerProcess } from './server-process';

export class RedisServer {
  private constructor(
    private readonly server: ServerProcess,
    readonly url: string,
  ) {}

  static async start(policy = 'noeviction'): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-redis-'));
    const port = await freePort();
    const server = new ServerProcess({
      name: 'Redis',
      command: 'redis-server',
      args: [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--dir',
        folder,
        '--save',
        '',
        '--appendonly',
        'no',
        '--maxmemory-policy',
        policy,
        '--maxmemory',
        '256mb',
      ],
      port,
      logFile: join(folder, 'redis.log'),
    });
    await server.start();
    return new RedisServer(server, `redis://127.0.0.1:${port}`);
  }

  kill(): Promise<void> {
    return this.server.stop('SIGKILL');
  }

  restart(): Promise<void> {
    return this.server.start();
  }

  stop(): Promise<void> {
    return this.server.stop('SIGKILL');
  }
}
