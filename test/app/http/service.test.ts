import { mkdtempSync, readFileSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfToken } from '../../../src/app/auth/operator-token';
import { System } from '../../../src/app/composition/system';
import { demoNight } from '../../../src/app/demo/demo-night';
import { readConfig } from '../../../src/config';
import type { Scope } from '../../../src/core';

const MINUTE_MS = 60_000;
const NO_BODY = { 'content-type': 'text/plain' }; // Fastify refuses JSON without a body

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: Body;
}

/** What the answers of these tests may hold. */
interface Body {
  readonly code: string;
  readonly detail: string;
  readonly next?: string;
  readonly runId: string;
  readonly items: readonly { readonly vmId: string; readonly attempt: number }[];
  readonly values: readonly (number | null)[];
  readonly memberLosses: readonly unknown[];
}

describe('the embedded service', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'slackwater-service-'));
  let system: System;

  const environment = { DATA_DIR: dataDir, HTTP_PORT: '0', NIGHT_AT: 'off', LOG_LEVEL: 'silent' };

  beforeAll(async () => {
    system = await System.start(readConfig(environment), 'main');
    await demoNight(system, { vms: 12, days: 5, seed: 3 });
  }, 120_000);

  afterAll(() => system?.stop(), 60_000);

  async function ask(path: string, init: RequestInit & { token?: string } = {}): Promise<Answer> {
    const token = init.token ?? system.operatorToken;
    const response = await fetch(`${system.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      type,
      text,
      body: type.includes('json') ? JSON.parse(text) : {},
    };
  }

  async function tokenWith(...scopes: Scope[]): Promise<string> {
    const token = `token-${scopes.join('-').replaceAll(':', '_')}-padding-padding`;
    await system.tokens.add({
      hash: hashOfToken(token),
      tenantId: 'default',
      label: 't',
      scopes,
      createdMs: 1,
    });
    return token;
  }

  it('keeps the operator token in a 0600 file and greets without it', () => {
    const path = join(dataDir, 'operator.token');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(system.greeting()).toContain(path);
    expect(system.greeting()).not.toContain(readFileSync(path, 'utf8').trim());
  });

  it.each([
    ['GET', '/v1/vms', 'read'],
    ['GET', '/v1/feed', 'feed:read'],
    ['POST', '/v1/runs', 'runs:write'],
    ['POST', '/v1/samples', 'samples:write'],
    ['POST', '/v1/feed/stop', 'feed:write'],
    ['PUT', '/v1/vms/vm-000001/policy', 'policy:write'],
  ])('wants a token for %s %s, and the scope %s', async (method, path, scope) => {
    const body = method === 'GET' ? undefined : '{}';
    const none = await ask(path, { method, body, headers: { authorization: '' } });
    expect([none.status, none.body.code, none.type]).toEqual([
      401,
      'TOKEN_MISSING',
      'application/problem+json; charset=utf-8',
    ]);
    const other = await tokenWith(scope === 'read' ? 'feed:read' : 'read');
    const denied = await ask(path, { method, body, token: other });
    expect([denied.status, denied.body.detail]).toEqual([403, `the token has no scope '${scope}'`]);
  });

  it('refuses a revoked token', async () => {
    const token = await tokenWith('read');
    expect((await ask('/v1/vms', { token })).status).toBe(200);
    await system.tokens.revoke('default', hashOfToken(token), 2);
    expect((await ask('/v1/vms', { token })).body.detail).toBe(
      'the bearer token is unknown or revoked',
    );
  });

  it('answers health, metrics, and its description without a token', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/openapi.json']) {
      expect((await ask(path, { token: '' })).status).toBe(200);
    }
    expect((await ask('/health/ready')).body).toMatchObject({
      status: 'ready',
      kernels: { backend: expect.any(String) },
    });
    expect((await ask('/openapi.json')).body).toMatchObject({ openapi: '3.1.0' });
  });

  it('makes a token with scopes, lists it without its secret, and revokes it', async () => {
    const body = JSON.stringify({ label: 'collector', scopes: ['samples:write'] });
    const made = await ask('/v1/tokens', { method: 'POST', body });
    const { token, id } = made.body as unknown as { token: string; id: string };
    expect([made.status, id]).toEqual([201, hashOfToken(token)]);
    expect((await ask('/v1/vms', { token })).status).toBe(403);
    expect((await ask('/v1/samples', { method: 'POST', body: '{}', token })).status).toBe(422);
    const list = await ask('/v1/tokens');
    expect(list.text).not.toContain(token);
    expect(list.body.items).toContainEqual(expect.objectContaining({ id, label: 'collector' }));
    expect((await ask(`/v1/tokens/${id}`, { method: 'DELETE' })).status).toBe(400); // no body
    const gone = await ask(`/v1/tokens/${id}`, { method: 'DELETE', headers: NO_BODY });
    expect(gone.status).toBe(204);
    expect((await ask('/v1/samples', { method: 'POST', body: '{}', token })).status).toBe(401);
    const none = await ask('/v1/tokens/0', { method: 'DELETE', headers: NO_BODY });
    expect([none.status, none.body.code]).toEqual([404, 'NOT_FOUND']);
    const odd = await ask('/v1/tokens', {
      method: 'POST',
      body: '{"label":"x","scopes":["root"]}',
    });
    expect([odd.status, odd.body.detail]).toEqual([400, expect.stringContaining('"root"')]);
  });

  it('takes no samples from a token of another tenant', async () => {
    await system.tenants.ensure({ tenantId: 'other', timeZone: 'UTC' });
    const token = 'token-of-another-tenant';
    const hash = hashOfToken(token);
    await system.tokens.add({
      hash,
      tenantId: 'other',
      label: 't',
      scopes: ['admin'],
      createdMs: 1,
    });
    const body = JSON.stringify({ vm: 'vm-000001', tsMs: 0, cpuPct: 1 });
    const answer = await ask('/v1/samples', { method: 'POST', body, token });
    expect([answer.status, answer.body.code]).toEqual([403, 'TOKEN_INSUFFICIENT']);
    expect((await ask('/v1/vms', { token })).body.items).toEqual([]);
    expect((await ask('/v1/vms/vm-000001', { token })).body.code).toBe('VM_UNKNOWN');
  });

  it('answers a path that is no text, and one that does not exist, as problems', async () => {
    const bad = await ask('/v1/vms/%ZZ');
    expect([bad.status, bad.body.code, bad.type]).toEqual([
      400,
      'REQUEST_INVALID',
      expect.stringContaining('application/problem+json'),
    ]);
    const absent = await ask('/v1/nothing');
    expect([absent.status, absent.body.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('describes parameters, bodies, documents, and problems of every operation', async () => {
    interface Operation {
      readonly summary?: string;
      readonly parameters: readonly { readonly name: string; readonly schema: object }[];
      readonly responses: Readonly<Record<string, object>>;
      readonly requestBody?: object;
      readonly security?: readonly object[];
    }
    const { paths } = JSON.parse((await ask('/openapi.json')).text) as {
      paths: Record<string, Record<string, Operation>>;
    };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(20);
    for (const { path, operation } of operations) {
      expect(operation.summary).toEqual(expect.any(String));
      expect(operation.responses).toHaveProperty('default');
      if (path.startsWith('/v1/')) expect(operation.security).toEqual([{ bearer: [] }]);
    }
    const names = paths['/v1/vms'].get.parameters.map(({ name }) => name);
    expect(names).toEqual(['q', 'limit', 'cursor', 'sort']);
    expect(paths['/v1/vms/{vmId}/policy'].put.requestBody).toBeDefined();
    expect(JSON.stringify(paths['/v1/vms/{vmId}/windows'].get.responses)).toContain(
      'lm.windows.v1',
    );
  });

  it('is ready only while every part answers, and names the one that does not', async () => {
    const ready = await ask('/health/ready', { token: '' });
    const { components } = JSON.parse(ready.text) as { components: { component: string }[] };
    expect(components.map(({ component }) => component)).toEqual([
      'postgresql',
      'queue',
      'objects',
      'samples',
      'roles',
    ]);
    const objects = join(dataDir, 'objects');
    renameSync(objects, `${objects}.away`);
    const away = await ask('/health/ready', { token: '' });
    renameSync(`${objects}.away`, objects);
    expect(away.status).toBe(503);
    expect(JSON.parse(away.text)).toMatchObject({
      components: expect.arrayContaining([
        { component: 'objects', ready: false, detail: 'ENOENT' },
      ]),
    });
  });

  it('counts shards and nights', async () => {
    await new Promise((resolve) => setTimeout(resolve, 600)); // the scheduler's next look
    const { text } = await ask('/metrics');
    expect(text).toMatch(/slackwater_night_shards_total\{stage="publish",outcome="done"\} \d/);
    expect(text).toMatch(/slackwater_nights_total\{outcome="published"\} \d/);
    expect(text).toMatch(/slackwater_night_published_seconds 1\d{9}/);
  });

  it('pages through the VMs in order, finds by a part of the id, and names an unknown one', async () => {
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await ask(`/v1/vms?limit=5${cursor}`);
      ids.push(...body.items.map((vm) => vm.vmId));
      if (body.next === undefined) break;
      cursor = `&cursor=${body.next}`;
    }
    expect(ids).toEqual(Array.from({ length: 12 }, (_, vm) => `vm-${String(vm).padStart(6, '0')}`));
    expect((await ask('/v1/vms?q=00011')).body.items).toMatchObject([
      { vmId: 'vm-000011', policy: 'auto' },
    ]);
    const { status, body } = await ask('/v1/vms/a%2Fb/windows');
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
      const { status, body } = await ask(path, init);
      expect([status, body.code]).toEqual([400, 'REQUEST_INVALID']);
      expect(body.detail).toContain(detail);
    }
  });

  it('gives one document the same bytes in REST and on the feed', async () => {
    const document = (await ask('/v1/vms/vm-000004/windows')).text;
    expect((await ask('/v1/feed?since=0&limit=1000')).text).toContain(`"document":${document}`);
    expect(JSON.parse(document)).toMatchObject({
      schema: 'lm.windows.v1',
      vmId: 'vm-000004',
      revision: 1,
    });
  });

  it('streams the feed from the position after the last event that was seen', async () => {
    const controller = new AbortController();
    const response = await fetch(`${system.url}/v1/feed`, {
      signal: controller.signal,
      headers: {
        authorization: `Bearer ${system.operatorToken}`,
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
    const bad = await ask('/v1/feed', {
      headers: { accept: 'text/event-stream', 'last-event-id': 'x' },
    });
    expect([bad.status, bad.body.code]).toEqual([400, 'CURSOR_INVALID']);
  });

  it('explains windows, with how each model did for the VM', async () => {
    const { body } = await ask('/v1/vms/vm-000004/explain');
    expect(body).toMatchObject({ verdict: expect.any(String), windows: expect.any(Array) });
    expect(body.memberLosses.length).toBeGreaterThan(8);
  });

  it('withdraws windows at once when a VM is excluded, and withholds the feed while it is stopped', async () => {
    await ask('/v1/feed/stop', { method: 'POST', body: '{}' });
    const put = await ask('/v1/vms/vm-000002/policy', {
      method: 'PUT',
      body: '{"state":"excluded","reason":"licence dongle"}',
    });
    expect(put.body).toEqual({ policy: 'excluded', revision: 2 });
    expect((await ask('/v1/vms/vm-000002/windows')).body).toMatchObject({
      windows: [],
      reason: expect.stringContaining('licence dongle'),
    });
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect((await ask('/v1/feed?since=12')).body.items).toEqual([]);
    await ask('/v1/feed/resume', { method: 'POST', body: '{}' });
    await new Promise((resolve) => setTimeout(resolve, 900));
    expect((await ask('/v1/feed?since=12')).body.items).toMatchObject([
      { position: 13, document: { vmId: 'vm-000002', revision: 2 } },
    ]);
  });

  it('stores a posted sample once it is sealed, and refuses a malformed message with the reason', async () => {
    const tsMs = Math.floor(system.clock.nowMs() / MINUTE_MS) * MINUTE_MS - 20 * MINUTE_MS;
    const message = (at: number) =>
      JSON.stringify({ v: 1, host: 'h-x', tsMs: at, vm: ['posted/1'], cpuPct: [4.5] });
    expect((await ask('/v1/samples', { method: 'POST', body: message(tsMs) })).body).toEqual({
      accepted: 1,
    });
    await ask('/v1/samples', { method: 'POST', body: message(tsMs + 12 * MINUTE_MS) });
    for (let tries = 0; ; tries += 1) {
      const { status, body } = await ask(
        `/v1/vms/posted%2F1/history?from=${tsMs - 5 * MINUTE_MS}&to=${tsMs + 5 * MINUTE_MS}`,
      );
      if (status === 200 && body.values.includes(4.5)) break;
      if (tries > 60) throw new Error(`the sample did not come: ${JSON.stringify(body)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const bad = await ask('/v1/samples', {
      method: 'POST',
      body: '{"tsMs":1,"vm":["a"],"cpuPct":[1,2]}',
    });
    expect([bad.status, bad.body.detail]).toEqual([
      422,
      'the message was not taken: 1 vm but 2 cpuPct',
    ]);
    const large = await ask('/v1/samples', { method: 'POST', body: `"${'x'.repeat(5_000_000)}"` });
    expect([large.status, large.body.code]).toEqual([413, 'LIMIT_EXCEEDED']);
  });

  it('follows a run to its end as server-sent events', async () => {
    const run = await ask('/v1/runs', { method: 'POST', body: '{"again":true}' });
    expect(run.body).toMatchObject({ attempt: 2, joined: false });
    const events = await ask(`/v1/runs/${run.body.runId}/events`);
    expect(events.type).toContain('text/event-stream');
    expect(events.text).toMatch(/event: end\ndata: .*"status":"published"/);
    expect((await ask('/v1/runs')).body.items.map((one) => one.attempt)).toEqual([2, 1]);
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
