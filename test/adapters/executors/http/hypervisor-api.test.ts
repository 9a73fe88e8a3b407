import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HypervisorApi, secretIn } from '../../../../src/adapters/executors/http/hypervisor-api';
import { ApiServer, type Reply } from '../../../executors/api-server';

describe('HypervisorApi', () => {
  let reply: Reply = {};
  const server = new ApiServer(() => reply);
  let api: HypervisorApi;
  const schema = z.object({ data: z.object({ pid: z.number() }) });

  beforeAll(async () => {
    api = new HypervisorApi({ name: 'Proxmox', url: await server.listen(), timeoutMs: 300 });
  });

  afterEach(() => {
    server.fault = undefined;
  });

  afterAll(() => server.close());

  it('gives the body of a good answer, and nothing for a 404', async () => {
    reply = { body: { data: { pid: 7 }, more: true } };
    expect(await api.find(schema, 'GET', '/x')).toEqual({ data: { pid: 7 } });
    reply = { status: 404 };
    expect(await api.find(schema, 'GET', '/x')).toBeUndefined();
  });

  it.each<[string, Reply, string, RegExp]>([
    ['4xx', { status: 403, reason: 'Permission check failed' }, 'REFUSED', /403 Permission check/],
    ['a message', { status: 409, body: { conflict: { message: 'busy' } } }, 'REFUSED', /409 busy/],
    ['fields', { status: 400, body: { errors: { target: 'no node' } } }, 'REFUSED', /no node/],
    ['5xx', { status: 503, reason: 'down' }, 'UNREACHABLE', /503 down/],
    ['408', { status: 408, reason: 'slow' }, 'UNREACHABLE', /408/],
    ['3xx', { status: 302, headers: { location: '/sign-in' } }, 'UNREACHABLE', /302/],
    ['nonsense', { body: { data: { pid: 'x' } } }, 'UNREACHABLE', /nonsense: 'data.pid'/],
    ['no JSON', { body: '<html>' }, 'UNREACHABLE', /nonsense: its body.*<html>/],
  ])('names what is wrong with %s', async (_name, said, code, message) => {
    reply = said;
    await expect(api.get(schema, 'GET', '/x')).rejects.toMatchObject({
      code: `EXECUTOR_${code}`,
      message: expect.stringMatching(message) as string,
    });
  });

  it('gives up on a server that never answers, on one that hangs up, and on none', async () => {
    const unreachable = { code: 'EXECUTOR_UNREACHABLE' };
    server.fault = 'silent';
    await expect(api.ask('GET', '/x')).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringMatching(/does not answer within 0.3 s \(GET \/x\)/) as string,
    });
    server.fault = 'dropped';
    await expect(api.ask('GET', '/x')).rejects.toMatchObject(unreachable);
    const nobody = new HypervisorApi({ name: 'Nova', url: 'http://127.0.0.1:1' });
    await expect(nobody.ask('GET', '/x')).rejects.toThrow(/Nova at .* does not answer: .*REFUSED/);
  });

  it('refuses an answer without end', async () => {
    reply = { body: 'x'.repeat(9 * 2 ** 20) };
    await expect(api.ask('GET', '/x')).rejects.toThrow('longer than');
  });

  it('names an address that is none, and a file that cannot be read or is empty', () => {
    expect(() => new HypervisorApi({ name: 'Nova', url: 'nova:8774' })).toThrow("url is 'nova");
    expect(() => secretIn('/nowhere/token', 'tokenFile')).toThrow(
      "tokenFile '/nowhere/token' cannot be read (ENOENT)",
    );
    const empty = join(mkdtempSync(join(tmpdir(), 'slackwater-secret-')), 'token');
    writeFileSync(empty, '\n');
    expect(() => secretIn(empty, 'tokenFile')).toThrow('is empty');
  });
});
