import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { hashOfToken } from '../../../src/app/auth/operator-token';
import { ServiceLab } from './service-lab';

const NO_BODY = { 'content-type': 'text/plain' }; // Fastify refuses JSON without a body

describe('the edge of the service', () => {
  const lab = new ServiceLab();
  const { dataDir } = lab;

  beforeAll(() => lab.start({ vms: 3, days: 3 }), 120_000);

  afterAll(() => lab.stop(), 60_000);

  it('makes a token with scopes, lists it without its secret, and revokes it', async () => {
    const body = JSON.stringify({ label: 'collector', scopes: ['samples:write'] });
    const made = await lab.ask('/v1/tokens', { method: 'POST', body });
    const { token, id } = made.body as unknown as { token: string; id: string };
    expect([made.status, id]).toEqual([201, hashOfToken(token)]);
    expect((await lab.ask('/v1/vms', { token })).status).toBe(403);
    expect((await lab.ask('/v1/samples', { method: 'POST', body: '{}', token })).status).toBe(422);
    const list = await lab.ask('/v1/tokens');
    expect(list.text).not.toContain(token);
    expect(list.body.items).toContainEqual(expect.objectContaining({ id, label: 'collector' }));
    expect((await lab.ask(`/v1/tokens/${id}`, { method: 'DELETE' })).status).toBe(400); // no body
    const gone = await lab.ask(`/v1/tokens/${id}`, { method: 'DELETE', headers: NO_BODY });
    expect(gone.status).toBe(204);
    expect((await lab.ask('/v1/samples', { method: 'POST', body: '{}', token })).status).toBe(401);
    const none = await lab.ask('/v1/tokens/0', { method: 'DELETE', headers: NO_BODY });
    expect([none.status, none.body.code]).toEqual([404, 'NOT_FOUND']);
    const odd = await lab.ask('/v1/tokens', {
      method: 'POST',
      body: '{"label":"x","scopes":["root"]}',
    });
    expect([odd.status, odd.body.detail]).toEqual([400, expect.stringContaining('"root"')]);
  });

  it('takes no samples from a token of another tenant', async () => {
    await lab.system.tenants.ensure({ tenantId: 'other', timeZone: 'UTC' });
    const token = 'token-of-another-tenant';
    const hash = hashOfToken(token);
    await lab.system.tokens.add({
      hash,
      tenantId: 'other',
      label: 't',
      scopes: ['admin'],
      createdMs: 1,
    });
    const body = JSON.stringify({ vm: 'vm-000001', tsMs: 0, cpuPct: 1 });
    const answer = await lab.ask('/v1/samples', { method: 'POST', body, token });
    expect([answer.status, answer.body.code]).toEqual([403, 'TOKEN_INSUFFICIENT']);
    expect((await lab.ask('/v1/vms', { token })).body.items).toEqual([]);
    expect((await lab.ask('/v1/vms/vm-000001', { token })).body.code).toBe('VM_UNKNOWN');
  });

  it('answers a path that is no text, and one that does not exist, as problems', async () => {
    const bad = await lab.ask('/v1/vms/%ZZ');
    expect([bad.status, bad.body.code, bad.type]).toEqual([
      400,
      'REQUEST_INVALID',
      expect.stringContaining('application/problem+json'),
    ]);
    const absent = await lab.ask('/v1/nothing');
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
    const { paths } = JSON.parse((await lab.ask('/openapi.json')).text) as {
      paths: Record<string, Record<string, Operation>>;
    };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    );
    expect(operations.length).toBeGreaterThan(20);
    for (const { path, operation } of operations) {
      expect(operation.summary).toEqual(expect.any(String));
      expect(operation.responses).toHaveProperty('default');
      // The address of a calendar is its own token.
      if (path === '/v1/windows.ics') expect(operation.security).toBeUndefined();
      else if (path.startsWith('/v1/')) expect(operation.security).toEqual([{ bearer: [] }]);
    }
    const names = paths['/v1/vms'].get.parameters.map(({ name }) => name);
    expect(names).toEqual(['q', 'limit', 'cursor', 'sort']);
    expect(paths['/v1/vms/{vmId}/policy'].put.requestBody).toBeDefined();
    expect(JSON.stringify(paths['/v1/vms/{vmId}/windows'].get.responses)).toContain(
      'lm.windows.v1',
    );
  });

  it('is ready only while every part answers, and names the one that does not', async () => {
    const ready = await lab.ask('/health/ready', { token: '' });
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
    const away = await lab.ask('/health/ready', { token: '' });
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
    const { text } = await lab.ask('/metrics');
    expect(text).toMatch(/slackwater_night_shards_total\{stage="publish",outcome="done"\} \d/);
    expect(text).toMatch(/slackwater_nights_total\{outcome="published"\} \d/);
    expect(text).toMatch(/slackwater_night_published_seconds 1\d{9}/);
  });
});
