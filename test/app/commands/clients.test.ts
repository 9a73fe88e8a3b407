import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerRuns } from '../../../src/app/commands/runs';
import { registerVm } from '../../../src/app/commands/vm';
import { registerWindows } from '../../../src/app/commands/windows';
import { ServiceLab } from '../http/service-lab';

describe('the commands that ask a running service', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 6, days: 4 }), 120_000);

  afterAll(() => lab.stop(), 60_000);

  /** What the command printed to stdout. */
  async function cli(...args: string[]): Promise<string> {
    const program = new Command('slackwater').exitOverride();
    registerVm(program);
    registerWindows(program);
    registerRuns(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      const service = ['--url', lab.system.url, '--token-file', operatorTokenPath(lab.dataDir)];
      const [command, ...rest] = args; // a later option of the same name wins
      await program.parseAsync([command, ...service, ...rest], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    return printed;
  }

  it('lists the next window of each VM, over several pages, as a table, CSV, and JSON', async () => {
    const table = (await cli('windows')).trimEnd().split('\n');
    expect(table).toHaveLength(7);
    expect(table[0]).toMatch(/^vm +host +policy +model +not_before +load_pct +why_none$/);
    const csv = (await cli('windows', '--query', '00000', '--limit', '4', '-o', 'csv')).split('\n');
    expect(csv).toHaveLength(6); // heads, four VMs, the end
    expect(csv[1]).toMatch(/^vm-000000,h-00000,auto,/);
    const { items } = JSON.parse(await cli('windows', '-o', 'json')) as { items: object[] };
    expect(items).toHaveLength(6);
  });

  it('prints the document of one VM as the bytes that it is', async () => {
    const { text } = await lab.ask('/v1/vms/vm-000003/windows');
    expect(await cli('windows', 'vm-000003', '-o', 'json')).toBe(`${text}\n`);
  });

  it('tells of one VM its size, its windows, and why', async () => {
    const told = await cli('vm', 'vm-000003');
    expect(told).toMatch(
      /^vm-000003: host h-\d+, cluster c-\d+, \d+ vCPUs, [\d.]+ GiB, policy auto/,
    );
    expect(told).toContain('latest_start');
    expect(told).toContain('median load');
    const json = JSON.parse(await cli('vm', 'vm-000003', '-o', 'json')) as object;
    expect(json).toMatchObject({ vmId: 'vm-000003', explanation: { verdict: 'windows' } });
  });

  it('starts a night, waits for its end, and lists it', async () => {
    const started = await cli('runs', '--start', '--again', '-o', 'json');
    expect(JSON.parse(started)).toMatchObject({ items: [{ attempt: 2, status: 'published' }] });
    const rows = (await cli('runs')).trimEnd().split('\n');
    expect(rows).toHaveLength(3);
    expect(rows[1]).toMatch(/^\d{4}-\d\d-\d\d +2 +published/);
  });

  it('is one sentence about an unknown VM, a silent address, a missing token, and a stray option', async () => {
    await expect(cli('vm', 'no/body')).rejects.toThrow("VM 'no/body' is unknown");
    const nowhere = join(mkdtempSync(join(tmpdir(), 'slackwater-none-')), 'token');
    await expect(cli('runs', '--url', 'http://127.0.0.1:9')).rejects.toMatchObject({
      code: 'SERVICE_UNREACHABLE',
    });
    await expect(cli('runs', '--url', 'localhost')).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
    });
    await expect(cli('runs', '--token-file', nowhere)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining(nowhere),
    });
    await expect(cli('runs', '--again')).rejects.toThrow('with --start only');
  });
});
