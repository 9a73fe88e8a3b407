import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerExecute } from '../../../src/app/commands/execute';
import type { StoredOutcome } from '../../../src/migration';
import { buildGuest, QemuPair, whyNoQemu } from '../../../src/app/demo/qemu-pair';
import { ServiceLab } from '../http/service-lab';

const why = whyNoQemu();
const real = why === undefined ? describe : describe.skip;

real(`slackwater execute${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const lab = new ServiceLab();
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-execute-'));
  const settings = join(folder, 'settings.json');
  let pair: QemuPair;

  beforeAll(async () => {
    pair = await new QemuPair(buildGuest(folder), { memoryMib: 64, usedMib: 16 }).ready();
    writeFileSync(settings, JSON.stringify({ vms: { 'vm-000001': pair.vm } }));
    await lab.start({ vms: 12, days: 4 });
  }, 180_000);

  afterAll(async () => {
    await pair?.end();
    await lab.stop();
  }, 60_000);

  async function execute(...args: string[]): Promise<readonly object[]> {
    const program = new Command('slackwater').exitOverride();
    registerExecute(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      const service = ['--url', lab.system.url, '--token-file', operatorTokenPath(lab.dataDir)];
      const kept = ['--journal', join(folder, 'journal')];
      const given = ['--executor', 'qemu', '--settings', settings, ...kept, ...service, ...args];
      await program.parseAsync(['execute', ...given], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    const lines = printed.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as object);
  }

  it('waits for a window, shows what it would set, migrates once, and reports it', async () => {
    const notBeforeMs = Date.now() + 3_000;
    const body = JSON.stringify({ state: 'pinned', reason: 'test', notBeforeMs });
    const put = await lab.ask('/v1/vms/vm-000001/policy', { method: 'PUT', body });
    expect(put.status).toBe(200);
    expect(await execute('--dry-run')).toMatchObject([{ what: 'waits', vmId: 'vm-000001' }]);
    await new Promise((done) => setTimeout(done, notBeforeMs + 10 - Date.now()));
    expect(await execute('--dry-run')).toMatchObject([
      { what: 'would migrate', settings: { 'downtime-limit': 300 } },
    ]);
    expect(await execute('--once')).toMatchObject([{ what: 'migrated', kept: 'new' }]);
    const { items } = (await lab.ask('/v1/outcomes')).body;
    const [{ outcome }] = items as unknown as StoredOutcome[];
    expect(outcome).toMatchObject({ vmId: 'vm-000001', status: 'completed', kind: 'qemu' });
    expect(outcome.totalTimeMs).toBeGreaterThan(0);
    expect(outcome.downtimeMs).not.toBe(0); // QEMU's 0 (below a millisecond) is unknown
    expect(await execute('--once')).toMatchObject([{ what: 'left', code: 'WINDOW_STARTED' }]);
  }, 60_000);

  it('is one sentence about settings that are none, and a VM that is not in them', async () => {
    await expect(execute('--once', '--vm', 'other')).rejects.toThrow("VM 'other' is not in");
    await expect(execute('--once', '--settings', '/nowhere')).rejects.toThrow(
      "settings '/nowhere' cannot be read",
    );
    const wrong = join(folder, 'wrong.json');
    writeFileSync(wrong, '{"vms":{"v":{}}}');
    await expect(execute('--once', '--settings', wrong)).rejects.toThrow('vms.v.source');
  });
});
