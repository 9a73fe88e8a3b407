import { Command } from 'commander';
import ICAL from 'ical.js';
import { operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerCalendars } from '../../../src/app/commands/calendars';
import { ServiceLab, type Answer } from './service-lab';

describe('windows in a calendar program', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 25, days: 4 }), 180_000);

  afterAll(() => lab.stop(), 60_000);

  const ask = (body: object, token?: string): Promise<Answer> =>
    lab.ask('/v1/calendar-addresses', { method: 'POST', body: JSON.stringify(body), token });
  const addressOf = async (body: object): Promise<string> => {
    const answer = await ask(body);
    expect(answer.status).toBe(201);
    return (answer.body as unknown as { path: string }).path;
  };
  /** Without a token: the address is one. */
  const fetched = (path: string, headers = {}): Promise<Response> =>
    fetch(`${lab.system.url}${path}`, { headers });
  const vmsOf = (text: string): string[] =>
    new ICAL.Component(ICAL.parse(text) as unknown as string)
      .getAllSubcomponents('vevent')
      .map((event) => String(event.getFirstPropertyValue('uid')).split(/[.@]/)[1])
      .toSorted();

  it('gives the VMs of a host to whoever has its address, and nothing to others', async () => {
    const path = await addressOf({ host: 'h-00001' });
    const response = await fetched(path);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/calendar; charset=utf-8',
    ]);
    const vms = vmsOf(await response.text());
    expect(vms).toEqual(['vm-000020', 'vm-000021', 'vm-000022', 'vm-000023', 'vm-000024']);
    const changed = await fetched(path.replace('h-00001', 'h-00000'));
    expect([changed.status, await changed.json()]).toMatchObject([
      403,
      { code: 'ADDRESS_INVALID' },
    ]);
    const bare = await fetched('/v1/windows.ics?tenant=default');
    expect([bare.status, await bare.json()]).toMatchObject([400, { code: 'REQUEST_INVALID' }]);
  });

  it('answers 304 while nothing changed, and drops a VM that was excluded', async () => {
    const path = await addressOf({ days: 1 });
    const before = await fetched(path);
    expect(vmsOf(await before.text())).toHaveLength(25);
    const tag = before.headers.get('etag') as string;
    expect((await fetched(path, { 'if-none-match': tag })).status).toBe(304);
    const policy = JSON.stringify({ state: 'excluded', reason: 'licence bound to the host' });
    await lab.ask('/v1/vms/vm-000003/policy', { method: 'PUT', body: policy });
    const after = await fetched(path, { 'if-none-match': tag });
    expect(after.status).toBe(200);
    expect(vmsOf(await after.text())).not.toContain('vm-000003');
  });

  it('refuses an unknown host, a foreign field, and a token that may only read', async () => {
    const told = async (body: object, token?: string): Promise<string> => {
      const answer = await ask(body, token);
      return `${answer.status} ${answer.body.code} ${answer.body.detail}`;
    };
    expect(await told({ host: 'h-9' })).toBe("404 HOST_UNKNOWN host 'h-9' is unknown");
    expect(await told({ days: 0 })).toMatch(/^400 REQUEST_INVALID days is 0/);
    expect(await told({}, await lab.tokenWith('read'))).toMatch(/^403 TOKEN_INSUFFICIENT/);
  });

  it('gives a described host without VMs an empty calendar', async () => {
    const items = [{ host: 'h-new', cores: 64, memoryBytes: 2 ** 38 }];
    await lab.ask('/v1/hosts', { method: 'PUT', body: JSON.stringify({ items }) });
    const response = await fetched(await addressOf({ host: 'h-new' }));
    expect(vmsOf(await response.text())).toEqual([]);
  });

  it('is printed by the command, ready to be pasted', async () => {
    const program = new Command('slackwater').exitOverride();
    registerCalendars(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    const service = ['--url', lab.system.url, '--token-file', operatorTokenPath(lab.dataDir)];
    const run = (...words: string[]): Promise<Command> =>
      program.parseAsync(['calendars', ...words, ...service], { from: 'user' });
    try {
      await run('--address', '--host', 'h-00000');
      await expect(run('--address', '--host', 'a', 'b')).rejects.toThrow("not of 'b' too");
    } finally {
      write.mockRestore();
    }
    expect(vmsOf(await (await fetch(printed.trim())).text())).toHaveLength(19); // one is excluded
  });
});
