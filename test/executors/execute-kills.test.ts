import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainError } from '../../src/core';
import type { ExecuteStep } from '../../src/migration';
import { LocalWindowService } from './execute-lab';
import { FileHypervisor } from './file-hypervisor';

const STEPS: readonly ExecuteStep[] = [
  'claimed',
  'prepared',
  'written',
  'allowed',
  'asked',
  'ended',
  'reported',
];
const ROUNDS = 1; // a process takes 1 s of CPU to load the sources; more rounds find nothing new
const WINDOW_MS = 600_000;

describe('executor processes that are killed at every step', () => {
  const service = new LocalWindowService();
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-executor-'));
  const hypervisor = new FileHypervisor(folder);
  let server: Server;
  let url = '';

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => {
        const { method, args } = JSON.parse(text) as { method: 'claim'; args: never };
        (service[method] as (...given: never[]) => Promise<unknown>)
          .apply(service, args)
          .then((result) => ({ result }))
          .catch(({ code, message }: DomainError) => ({ code, message }))
          .then((answer) => response.end(JSON.stringify(answer)));
      });
    }).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => new Promise((done) => server.close(done)));

  const run = (vmId: string, killAt?: ExecuteStep, defect?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const task = JSON.stringify({ url, folder, vmId, killAt, defect });
      const child = spawn(process.execPath, [join(__dirname, 'execute-child.cjs'), task], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (part: Buffer) => (said += part.toString()));
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        if (code === 0 || signal !== null) resolve(signal ?? 'finished');
        else reject(new Error(said));
      });
    });

  const outcomesOf = async (vmId: string): Promise<readonly string[]> =>
    (await service.outcomes())
      .filter(({ outcome }) => outcome.vmId === vmId)
      .map(({ outcome }) => outcome.status);

  it('claim nothing and call nobody where the check gives the window up', async () => {
    service.freshPct = [99, 99, 99];
    try {
      await service.publish('busy', 'pre-copy', WINDOW_MS);
      await expect(run('busy')).rejects.toThrow(
        "VM 'busy': cancelled: the load of the last 15 min is 99.0 %",
      );
    } finally {
      service.freshPct = [];
    }
    expect(await service.ports.claims.ofVm('north', 'busy')).toEqual([]);
    expect(hypervisor.starts('busy')).toBe(0);
  });

  it.each(STEPS)('start each migration once and report it once: %s', async (killAt) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const vmId = `${killAt}-${round}`;
      await service.publish(vmId, 'pre-copy', WINDOW_MS);
      expect(await run(vmId, killAt)).toBe('SIGKILL');
      const called = hypervisor.starts(vmId);
      expect(await run(vmId)).toBe('finished');
      // Before the journal was written the lease runs out and the window is free again.
      const free = killAt === 'claimed' || killAt === 'prepared';
      if (free) await new Promise((done) => setTimeout(done, 1_000));
      expect(await run(vmId)).toBe('finished');
      expect(hypervisor.starts(vmId)).toBe(free ? 1 : called);
      expect(await outcomesOf(vmId)).toEqual([free || called === 1 ? 'completed' : 'refused']);
    }
  });

  it('is caught by the checker when nothing is written before the call', async () => {
    await service.publish('defect', 'pre-copy', WINDOW_MS);
    expect(await run('defect', 'asked', 'no-journal')).toBe('SIGKILL');
    expect(await run('defect')).toBe('finished');
    expect(hypervisor.starts('defect')).toBe(1); // the service's claim still forbids a second
    expect(await outcomesOf('defect')).toEqual([]);
  });
});
