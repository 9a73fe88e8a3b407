// The sample consumer of the feed: on the recorded stream, and following a service over a kill.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { generateKeyPairSync } from 'node:crypto';
import { operatorTokenPath } from '../../src/app/auth/operator-token';
import { verifyDocument, type DocumentSignature, type FeedKey } from '../../src/migration';
import { ServiceLab } from '../app/http/service-lab';

const FOLDER = resolve(__dirname, '../../examples/feed-consumer');
const CONSUMER = join(FOLDER, 'consumer.mjs');

interface Decision {
  readonly vmId: string;
  readonly revision: number;
  readonly action: string;
  readonly notBeforeMs?: number;
}

/** How far the consumer says it is; 0 before its first page, which it prints before it writes. */
function writtenPosition(state: string): number {
  if (!existsSync(state)) return 0;
  return (JSON.parse(readFileSync(state, 'utf8')) as { position: number }).position;
}

describe('the sample consumer', () => {
  it('has at most 50 lines', () => {
    expect(readFileSync(CONSUMER, 'utf8').split('\n').length).toBeLessThanOrEqual(51);
  });

  it('takes each VM’s newest list once: repeats, late ones, and expired ones change nothing', () => {
    const words = [CONSUMER, '--replay', join(FOLDER, 'stream.jsonl'), '1795760000000'];
    const lines = execFileSync(process.execPath, words, { encoding: 'utf8' }).trim().split('\n');
    const decisions = lines.map((line) => JSON.parse(line) as Decision);
    expect(decisions.map(({ vmId, revision, action }) => `${vmId} ${revision} ${action}`)).toEqual([
      'vm-a 1 claim',
      'vm-b 2 claim',
      'vm-a 1 ignore: known',
      'vm-a 2 claim',
      'vm-b 1 ignore: known',
      'vm-c 1 cancel what was planned',
      'vm-d 4 ignore: expired',
    ]);
    expect(decisions[3].notBeforeMs).toBeGreaterThan(decisions[0].notBeforeMs as number);
  });
});

describe('a signed feed with the sample consumer on it', () => {
  const lab = new ServiceLab();
  const { privateKey } = generateKeyPairSync('ed25519');
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    lab.environment.FEED_SIGNING_KEY = pem;
    await lab.start({ vms: 12, days: 4 });
  }, 180_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await lab.stop();
  }, 60_000);

  /** Decisions until `count` came; the process is killed then. */
  async function follow(count: number): Promise<readonly Decision[]> {
    const state = join(lab.dataDir, 'state.json');
    const words = [CONSUMER, lab.system.url, operatorTokenPath(lab.dataDir), state];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const decisions: Decision[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      decisions.push(JSON.parse(line) as Decision);
      if (decisions.length === count) break;
    }
    // It writes its state after a page: the kill must not come before that.
    while (writtenPosition(state) < count) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGKILL');
    await once(child, 'exit');
    return decisions;
  }

  it('goes on after a kill where it was, and takes a withdrawal', async () => {
    const first = await follow(12);
    expect(new Set(first.map(({ vmId }) => vmId)).size).toBe(12);
    const body = JSON.stringify({ state: 'excluded', reason: 'licence' });
    await lab.ask('/v1/vms/vm-000004/policy', { method: 'PUT', body });
    const [next] = await follow(1);
    expect([next.vmId, next.action]).toEqual(['vm-000004', 'cancel what was planned']);
  }, 60_000);

  it('has documents whose signatures hold for their bytes, under a key that anybody may ask for', async () => {
    const { keys } = (await (await fetch(`${lab.system.url}/v1/feed/keys`)).json()) as {
      keys: readonly FeedKey[];
    };
    expect(keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519' }]);
    const page = (await lab.ask('/v1/feed?since=0&limit=3')).body as unknown as {
      items: { document: { vmId: string }; signed: DocumentSignature }[];
    };
    const [{ document, signed }] = page.items;
    const { text } = await lab.ask(`/v1/vms/${document.vmId}/windows`);
    expect(verifyDocument(text, signed, keys)).toBe(true);
    expect(verifyDocument(text.replace('"rank":1', '"rank":2'), signed, keys)).toBe(false);
  });

  it('is described at an address', async () => {
    const described = await (await fetch(`${lab.system.url}/asyncapi.json`)).json();
    expect(described).toMatchObject({ asyncapi: '3.0.0', info: { title: 'Slackwater feed' } });
  });
});
