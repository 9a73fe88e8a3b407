import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerExecute } from '../../../src/app/commands/execute';
import type { StoredOutcome } from '../../../src/migration';
import { KubeVirtLab } from '../../adapters/executors/kubevirt/kubevirt-server';
import { VirshLab } from '../../adapters/executors/libvirt/virsh-lab';
import { NovaLab } from '../../adapters/executors/nova/nova-server';
import { ProxmoxLab } from '../../adapters/executors/proxmox/proxmox-server';
import type { ExecutorLab } from '../../conformance/migration-executor.conformance';
import { ServiceLab } from '../http/service-lab';

interface KindLab extends ExecutorLab {
  file(vmId: string): object;
}

const LABS: Readonly<Record<string, () => Promise<KindLab>>> = {
  kubevirt: () => new KubeVirtLab().ready(),
  libvirt: () => Promise.resolve(new VirshLab()),
  nova: () => new NovaLab().ready(),
  proxmox: () => new ProxmoxLab().ready(),
};
const KINDS = Object.keys(LABS);
const vmOf = (kind: string): string => `vm-00000${KINDS.indexOf(kind) + 1}`;

describe('slackwater execute', () => {
  const service = new ServiceLab();
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-execute-'));
  let lab: KindLab | undefined;

  afterEach(async () => {
    await lab?.close();
    lab = undefined;
  });

  beforeAll(async () => {
    await service.start({ vms: 12, days: 4 });
    const notBeforeMs = Date.now() + 2_000;
    const body = JSON.stringify({ state: 'pinned', reason: 'test', notBeforeMs });
    for (const kind of KINDS) {
      const put = await service.ask(`/v1/vms/${vmOf(kind)}/policy`, { method: 'PUT', body });
      expect(put.status).toBe(200);
    }
    await new Promise((done) => setTimeout(done, notBeforeMs + 10 - Date.now()));
  });

  afterAll(() => service.stop());

  async function execute(kind: string, ...args: string[]): Promise<readonly object[]> {
    const program = new Command('slackwater').exitOverride();
    registerExecute(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    try {
      const token = ['--token-file', operatorTokenPath(service.dataDir)];
      const where = ['--url', service.system.url, ...token];
      const kept = ['--journal', join(folder, `${kind}.journal`)];
      const settings = ['--settings', join(folder, `${kind}.json`)];
      const given = ['--executor', kind, ...settings, ...kept, ...where, ...args];
      await program.parseAsync(['execute', ...given], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    const lines = printed.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as object);
  }

  it.each(KINDS)('shows, migrates once, and reports: --executor %s', async (kind) => {
    const opened = await LABS[kind]();
    lab = opened;
    const vmId = vmOf(kind);
    writeFileSync(join(folder, `${kind}.json`), JSON.stringify(opened.file(vmId)));
    const [shown] = await execute(kind, '--dry-run');
    expect(shown).toMatchObject({ what: 'would migrate', vmId });
    expect(opened.starts()).toBe(0);
    const timer = setInterval(() => opened.starts() === 1 && opened.succeed(), 200);
    try {
      expect(await execute(kind, '--once')).toMatchObject([
        { what: 'migrated', vmId, kept: 'new' },
      ]);
    } finally {
      clearInterval(timer);
    }
    const { items } = (await service.ask('/v1/outcomes')).body;
    const mine = (items as unknown as StoredOutcome[]).filter(
      ({ outcome }) => outcome.vmId === vmId,
    );
    expect(mine.map(({ outcome }) => [outcome.kind, outcome.status])).toEqual([
      [kind, 'completed'],
    ]);
    expect(mine[0].outcome.downtimeMs).not.toBe(0);
    expect(await execute(kind, '--once')).toMatchObject([{ code: 'WINDOW_STARTED' }]);
    expect(opened.starts()).toBe(1);
  });

  it('knows no other kind', async () => {
    const write = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
    await expect(execute('vmware', '--once')).rejects.toThrow(/qemu, kubevirt, libvirt, nova/);
    write.mockRestore();
  });
});
