import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database, PostgresTenants, PostgresWindowStore } from '../../src/adapters/postgres';
import { hash32 } from '../../src/core';
import { windowDocumentOf, type WindowDocument } from '../../src/migration';
import { freshDatabaseUrl } from '../adapters/postgres/database-lab';
import { requireBuild } from './processes';

const KILLS = 90;
const VMS = 12;
const NEW_PER_ROUND = 5;
/** A pass of five new documents has about as many steps. */
const STEPS = 5;

interface Line {
  readonly position: number;
  readonly id: string;
  readonly vmId: string;
  readonly text: string;
}

function documentOf(vmId: string, revision: number): WindowDocument {
  return windowDocumentOf({
    tenant: 'north',
    runDate: '2026-11-27',
    vmId,
    revision,
    cutoffMs: 1,
    expiresMs: 86_400_001,
    models: { fiveMinute: 'm', hourly: 'm' },
    policy: 'auto',
    windows: [],
    reason: `revision ${revision}`,
  });
}

async function open() {
  const url = await freshDatabaseUrl();
  const database = await Database.open({ url });
  const tenants = new PostgresTenants(url);
  await tenants.ensure({ tenantId: 'north', timeZone: 'UTC' });
  await tenants.close();
  const windows = new PostgresWindowStore(database);
  const file = join(mkdtempSync(join(tmpdir(), 'slackwater-relay-')), 'sink.jsonl');
  const published: WindowDocument[] = [];
  const publish = async (): Promise<void> => {
    for (let one = 0; one < NEW_PER_ROUND; one += 1) {
      const at = published.length;
      const document = documentOf(`vm-${at % VMS}`, Math.floor(at / VMS) + 1);
      await windows.replace('north', document);
      published.push(document);
    }
  };
  const relay = (dieAt?: number, defect?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const task = JSON.stringify({ url, file, dieAt, defect });
      const child = spawn(process.execPath, [join(__dirname, 'relay-child.cjs'), task], {
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child.on('error', reject);
      child.on('exit', (code, signal) => {
        if (code === 0 || signal !== null) resolve(signal ?? 'finished');
        else reject(new Error('the relay failed: see its output'));
      });
    });
  const lines = (): readonly Line[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  return { database, published, publish, relay, lines };
}

/** What is wrong with the lines of a sink: lost, changed, or out of order. */
function faultsOf(published: readonly WindowDocument[], lines: readonly Line[]): readonly string[] {
  const faults: string[] = [];
  const seen = new Map<string, Line>();
  for (const line of lines) {
    const before = seen.get(line.id);
    if (before === undefined) seen.set(line.id, line);
    else if (before.text !== line.text || before.position !== line.position) {
      faults.push(`${line.id} came again, changed`);
    }
  }
  for (const { id, text } of published) {
    const line = seen.get(id);
    if (line === undefined) faults.push(`${id} is lost`);
    else if (line.text !== text) faults.push(`${id} has other bytes`);
  }
  const firsts = [...seen.values()].map(({ position }) => position);
  firsts.forEach((position, at) => {
    if (position !== at + 1) faults.push(`place ${at + 1} has position ${position}`);
  });
  return faults;
}

beforeAll(() => requireBuild());

describe(`a relay that is killed ${KILLS} times`, () => {
  it('loses no entry, repeats them unchanged, and keeps their order', async () => {
    const { database, published, publish, relay, lines } = await open();
    let killed = 0;
    for (let round = 0; killed < KILLS; round += 1) {
      await publish();
      if ((await relay(1 + (hash32(5, round) % STEPS))) === 'SIGKILL') killed += 1;
      expect(round).toBeLessThan(2 * KILLS);
    }
    expect(await relay()).toBe('finished');
    expect(faultsOf(published, lines())).toEqual([]);
    expect(lines().length).toBeGreaterThan(published.length); // some came again
    await database.close();
  }, 240_000);

  it('is caught by the checker when a position moves before its delivery', async () => {
    const { database, published, publish, relay, lines } = await open();
    await publish();
    expect(await relay(3, 'mark-first')).toBe('SIGKILL');
    expect(await relay()).toBe('finished');
    expect(faultsOf(published, lines()).join('\n')).toContain('is lost');
    await database.close();
  }, 60_000);
});
