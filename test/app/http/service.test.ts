import { readFileSync, statSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfToken } from '../../../src/app/auth/operator-token';
import { System } from '../../../src/app/composition/system';
import { readConfig } from '../../../src/config';
import { ServiceLab } from './service-lab';

const MINUTE_MS = 60_000;

describe('the embedded service', () => {
  const lab = new ServiceLab();
  const { dataDir, environment } = lab;

  beforeAll(() => lab.start({ vms: 12, days: 5 }), 120_000);

  afterAll(() => lab.stop(), 60_000);

  it('keeps the operator token in a 0600 file and greets without it', () => {
    const path = join(dataDir, 'operator.token');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(lab.system.greeting()).toContain(path);
    expect(lab.system.greeting()).not.toContain(readFileSync(path, 'utf8').trim());
  });

  it.each([
    ['GET', '/v1/vms', 'read'],
    ['GET', '/v1/feed', 'feed:read'],
    ['GET', '/v1/feed/outcomes', 'feed:read'],
    ['POST', '/v1/runs', 'runs:write'],
    ['POST', '/v1/samples', 'samples:write'],
    ['POST', '/v1/feed/stop', 'feed:write'],
    ['PUT', '/v1/vms/vm-000001/policy', 'policy:write'],
  ])('wants a token for %s %s, and the scope %s', async (method, path, scope) => {
    const body = method === 'GET' ? undefined : '{}';
    const none = await lab.ask(path, { method, body, headers: { authorization: '' } });
    expect([none.status, none.body.code, none.type]).toEqual([
      401,
      'TOKEN_MISSING',
      'application/problem+json; charset=utf-8',
    ]);
    const other = await lab.tokenWith(scope === 'read' ? 'feed:read' : 'read');
    const denied = await lab.ask(path, { method, body, token: other });
    expect([denied.status, denied.body.detail]).toEqual([403, `the token has no scope '${scope}'`]);
  });

  it('refuses a revoked token', async () => {
    const token = await lab.tokenWith('read');
    expect((await lab.ask('/v1/vms', { token })).status).toBe(200);
    await lab.system.tokens.revoke('default', hashOfToken(token), 2);
    expect((await lab.ask('/v1/vms', { token })).body.detail).toBe(
      'the bearer token is unknown or revoked',
    );
  });

  it('answers health, metrics, and its description without a token', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json']) {
      expect((await lab.ask(path, { token: '' })).status).toBe(200);
    }
    expect((await lab.ask('/health/ready')).body).toMatchObject({
      status: 'ready',
      kernels: { backend: expect.any(String) },
    });
    expect((await lab.ask('/openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
  });

  it('pages through the VMs in order, finds by a part of the id, and names an unknown one', async () => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await lab.ask(`/v1/vms?limit=5${cursor}`);
      ids.push(...body.items.map((vm) => vm.vmId));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(ids).toEqual(Array.from({ length: 12 }, (_, vm) => `vm-${String(vm).padStart(6, '0')}`));
    expect((await lab.ask('/v1/vms?q=00011')).body.items).toMatchObject([
      { vmId: 'vm-000011', policy: 'auto' },
    ]);
    const { status, body } = await lab.ask('/v1/vms/a%2Fb/windows');
    expect([status, body.code, body.detail]).toEqual([404, 'VM_UNKNOWN', "VM 'a/b' is unknown"]);
  });

  it('names field, value, and what is accepted', async () => {
    const cases: [string, RequestInit, string][] = [
      ['/v1/vms?limit=0', {}, 'limit is "0": '],
      ['/v1/runs', { method: 'POST', body: '{"at":"soon"}' }, 'at is "soon": '],
      ['/v1/runs', { method: 'POST', body: '{"att":1}' }, 'body is '],
      ['/v1/vms/vm-000001/forecast?step=60', {}, 'step is "60": 300 or 3600 is accepted'],
      [
        '/v1/vms/vm-000001/policy',
        { method: 'PUT', body: '{"state":"asleep"}' },
        'state is "asleep": ',
      ],
      ['/v1/vms/vm-000001/history?from=5&to=5', {}, 'from 5 to 5; more than 0'],
    ];
    for (const [path, init, detail] of cases) {
      const { status, body } = await lab.ask(path, init);
      expect([status, body.code]).toEqual([400, 'REQUEST_INVALID']);
      expect(body.detail).toContain(detail);
    }
  });

  it('gives one document the same bytes in REST and on the feed', async () => {
    const document = (await lab.ask('/v1/vms/vm-000004/windows')).text;
    expect((await lab.ask('/v1/feed?since=0&limit=1000')).text).toContain(`"document":${document}`);
    expect(JSON.parse(document)).toMatchObject({
      schema: 'lm.windows.v1',
      vmId: 'vm-000004',
      revision: 1,
    });
  });

  it('streams the feed from the position after the last event that was seen', async () => {
    const controller = new AbortController();
    const response = await fetch(`${lab.system.url}/v1/feed`, {
      signal: controller.signal,
      headers: {
        authorization: `Bearer ${lab.system.operatorToken}`,
        accept: 'text/event-stream',
        'last-event-id': '9',
      },
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('id: 12\n')) text += (await reader?.read())?.value ?? '';
    controller.abort();
    expect([...text.matchAll(/^id: (\d+)$/gm)].map((match) => match[1])).toEqual([
      '10',
      '11',
      '12',
    ]);
    const bad = await lab.ask('/v1/feed', {
      headers: { accept: 'text/event-stream', 'last-event-id': 'x' },
    });
    expect([bad.status, bad.body.code]).toEqual([400, 'CURSOR_INVALID']);
  });

  it('explains windows, with how each model did for the VM', async () => {
    const { body } = await lab.ask('/v1/vms/vm-000004/explain');
    expect(body).toMatchObject({ verdict: expect.any(String), windows: expect.any(Array) });
    expect(body.memberLosses.length).toBeGreaterThan(8);
  });

  it('withdraws windows at once when a VM is excluded, and withholds the feed while it is stopped', async () => {
    await lab.ask('/v1/feed/stop', { method: 'POST', body: '{}' });
    const put = await lab.ask('/v1/vms/vm-000002/policy', {
      method: 'PUT',
      body: '{"state":"excluded","reason":"licence dongle"}',
    });
    expect(put.body).toEqual({ policy: 'excluded', revision: 2 });
    expect((await lab.ask('/v1/vms/vm-000002/windows')).body).toMatchObject({
      windows: [],
      reason: expect.stringContaining('licence dongle'),
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await lab.ask('/v1/feed?since=12')).body.items).toEqual([]);
    await lab.ask('/v1/feed/resume', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await lab.ask('/v1/feed?since=12')).body.items).toMatchObject([
      { position: 13, document: { vmId: 'vm-000002', revision: 2 } },
    ]);
  });

  it('stores a posted sample once it is sealed, and refuses a malformed message with the reason', async () => {
    const tsMs = Math.floor(lab.system.clock.nowMs() / MINUTE_MS) * MINUTE_MS - 20 * MINUTE_MS;
    const message = (at: number) =>
      JSON.stringify({ v: 1, host: 'h-x', tsMs: at, vm: ['posted/1'], cpuPct: [4.5] });
    expect((await lab.ask('/v1/samples', { method: 'POST', body: message(tsMs) })).body).toEqual({
      accepted: 1,
    });
    await lab.ask('/v1/samples', { method: 'POST', body: message(tsMs + 12 * MINUTE_MS) });
    for (let tries = 0; ; tries += 1) {
      const { status, body } = await lab.ask(
        `/v1/vms/posted%2F1/history?from=${tsMs - 5 * MINUTE_MS}&to=${tsMs + 5 * MINUTE_MS}`,
      );
      if (status === 200 && body.values.includes(4.5)) break;
      if (tries > 60) throw new Error(`the sample did not come: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const bad = await lab.ask('/v1/samples', {
      method: 'POST',
      body: '{"tsMs":1,"vm":["a"],"cpuPct":[1,2]}',
    });
    expect([bad.status, bad.body.detail]).toEqual([
      422,
      'the message was not taken: 1 vm but 2 cpuPct',
    ]);
    const large = await lab.ask('/v1/samples', {
      method: 'POST',
      body: `"${'x'.repeat(5_000_000)}"`,
    });
    expect([large.status, large.body.code]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  it('follows a run to its end as server-sent events', async () => {
    const run = await lab.ask('/v1/runs', { method: 'POST', body: '{"again":true}' });
    expect(run.body).toMatchObject({ attempt: 2, joined: false });
    const events = await lab.ask(`/v1/runs/${run.body.runId}/events`);
    expect(events.type).toContain('text/event-stream');
    expect(events.text).toMatch(/event: end\ndata: .*"status":"published"/);
    expect((await lab.ask('/v1/runs')).body.items.map((one) => one.attempt)).toEqual([2, 1]);
  });

  it('is one sentence about a data folder in use, and about a port in use', async () => {
    await expect(System.start(readConfig(environment), 'main')).rejects.toMatchObject({
      code: 'DATA_FOLDER_LOCKED',
    });
    const blocker = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => blocker.once('listening', resolve));
    const { port } = blocker.address() as AddressInfo;
    const other = {
      ...environment,
      DATA_DIR: mkdtempSync(join(tmpdir(), 'slackwater-port-')),
      HTTP_PORT: String(port),
    };
    await expect(System.start(readConfig(other), 'main')).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      message: `port ${port} of 127.0.0.1 is in use`,
    });
    blocker.close();
  });

  it('refuses servers that are only half configured', async () => {
    const half = {
      ...environment,
      DATA_DIR: mkdtempSync(join(tmpdir(), 'slackwater-half-')),
      REDIS_URL: 'redis://127.0.0.1:1',
    };
    await expect(System.start(readConfig(half), 'main')).rejects.toMatchObject({
      code: 'TWIN_UNFIT',
    });
    await expect(System.start(readConfig(environment), 'worker')).rejects.toThrow(
      'a worker needs DATABASE_URL and REDIS_URL',
    );
  });
});
