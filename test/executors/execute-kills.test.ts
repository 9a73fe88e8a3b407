import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash32, type DomainError } from '../../src/core';
import type { ExecuteStep } from '../../src/migration';
import { requireBuild } from '../e2e/processes';
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
/** With those of test/e2e/relay-kills: 200. */
const KILLS = 110;
const RIVALS = ['e-1', 'e-2'] as const;
const VMS = 110;
const LOST_VMS = 5;
/** As a migration has: half of the processes die within their first. */
const STEPS_MAX = 7;
const WINDOW_MS = 600_000;
const LEASE_MS = 1_000; // of execute-child.cjs

describe('executor processes that are killed at every step', () => {
  const service = new LocalWindowService();
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-executor-'));
  const hypervisor = new FileHypervisor(folder);
  let server: Server;
  let url = '';

  beforeAll(async () => {
    requireBuild();
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

  interface Task {
    readonly vmIds: readonly string[];
    readonly name?: string;
    readonly killAt?: ExecuteStep;
    readonly dieAt?: number;
    readonly defect?: string;
  }

  const run = ({ name = 'e-1', ...task }: Task): Promise<string> =>
    new Promise((resolve, reject) => {
      const text = JSON.stringify({ url, folder, name, ...task });
      const child = spawn(process.execPath, [join(__dirname, 'execute-child.cjs'), text], {
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
    (await service.ports.outcomes.list('north', { after: 0, limit: 10, vmId })).map(
      ({ outcome }) => outcome.status,
    );

  const missing = async (vmIds: readonly string[]): Promise<readonly string[]> => {
    const told = await Promise.all(vmIds.map(outcomesOf));
    return vmIds.filter((_, at) => told[at].length === 0);
  };

  it('claim nothing and call nobody where the check gives the window up', async () => {
    service.freshPct = [99, 99, 99];
    try {
      await service.publish('busy', 'pre-copy', WINDOW_MS);
      await expect(run({ vmIds: ['busy'] })).rejects.toThrow(
        "VM 'busy': cancelled: the load of the last 15 min is 99.0 %",
      );
    } finally {
      service.freshPct = [];
    }
    expect(await service.ports.claims.ofVm('north', 'busy')).toEqual([]);
    expect(hypervisor.starts('busy')).toBe(0);
  });

  it.each(STEPS)('start each migration once and report it once: %s', async (killAt) => {
    const vmIds = [`at-${killAt}`];
    const [vmId] = vmIds;
    await service.publish(vmId, 'pre-copy', WINDOW_MS);
    expect(await run({ vmIds, killAt })).toBe('SIGKILL');
    const called = hypervisor.starts(vmId);
    expect(await run({ vmIds })).toBe('finished');
    // Before the journal was written the lease runs out and the window is free again.
    const free = killAt === 'claimed' || killAt === 'prepared';
    if (free) await new Promise((done) => setTimeout(done, LEASE_MS));
    expect(await run({ vmIds })).toBe('finished');
    expect(hypervisor.starts(vmId)).toBe(free ? 1 : called);
    expect(await outcomesOf(vmId)).toEqual([free || called === 1 ? 'completed' : 'refused']);
  });

  it(`two rivals that are killed ${KILLS} times start nothing twice, and tell of each what is known`, async () => {
    const vmIds = Array.from({ length: VMS }, (_, at) => `${at < LOST_VMS ? 'lost' : 'vm'}-${at}`);
    for (const vmId of vmIds) await service.publish(vmId, 'pre-copy', WINDOW_MS);
    let killed = 0;
    const rival = async (name: string, seed: number): Promise<void> => {
      // each begins elsewhere, so that they meet in the middle
      const order = vmIds.map((_, at) => vmIds[(at + seed * (VMS / 2)) % VMS]);
      for (let round = 0; killed < KILLS; round += 1) {
        const dieAt = 1 + (hash32(seed, round) % STEPS_MAX);
        const task = await missing(order);
        expect(task).not.toEqual([]); // else nobody would ever die again
        if ((await run({ vmIds: task, name, dieAt })) === 'SIGKILL') killed += 1;
      }
    };
    await Promise.all(RIVALS.map(rival));
    for (const name of RIVALS) {
      await run({ vmIds: [], name }); // what its journal holds open
      await new Promise((done) => setTimeout(done, LEASE_MS));
    }
    expect(await run({ vmIds: await missing(vmIds), name: RIVALS[0] })).toBe('finished');
    for (const vmId of vmIds) {
      const starts = hypervisor.starts(vmId);
      expect(starts).toBeLessThanOrEqual(1);
      const lost = vmId.startsWith('lost-') ? 'unknown' : undefined;
      expect(await outcomesOf(vmId)).toEqual([lost ?? (starts === 1 ? 'completed' : 'refused')]);
    }
    const all = await service.ports.outcomes.list('north', { after: 0, limit: 1_000 });
    expect(new Set(all.map(({ outcome }) => outcome.executor))).toEqual(new Set(RIVALS));
  }, 300_000);

  it('is caught by the checker when nothing is written before the call', async () => {
    await service.publish('defect', 'pre-copy', WINDOW_MS);
    expect(await run({ vmIds: ['defect'], killAt: 'asked', defect: 'no-journal' })).toBe('SIGKILL');
    expect(await run({ vmIds: ['defect'] })).toBe('finished');
    expect(hypervisor.starts('defect')).toBe(1); // the service's claim still forbids a second
    expect(await outcomesOf('defect')).toEqual([]);
  });
});
