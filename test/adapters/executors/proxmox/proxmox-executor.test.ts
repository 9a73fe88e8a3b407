import {
  lookUntil,
  migrationExecutorConformance,
  ORDER,
} from '../../../conformance/migration-executor.conformance';
import { LOG, ProxmoxLab } from './proxmox-server';

migrationExecutorConformance('ProxmoxExecutor', () => new ProxmoxLab().ready(), {
  downtime: true,
  bytes: true,
});

describe('ProxmoxExecutor', () => {
  let lab: ProxmoxLab;

  beforeEach(async () => {
    lab = await new ProxmoxLab().ready();
  });

  afterEach(() => lab.close());

  it('sets the downtime limit in seconds and the bandwidth in KiB/s', async () => {
    const executor = lab.open();
    const order = { ...ORDER, downtimeLimitMs: 300, bandwidthBytesPerSec: 125_000_000 };
    const { settings } = await executor.prepare(order);
    expect(settings).toMatchObject({ migrate_downtime: 0.3, bwlimit: 122_070, online: 1 });
    expect(lab.config.migrate_downtime).toBeUndefined();
    await executor.start(order);
    expect(lab.config.migrate_downtime).toBe('0.3');
    expect(Object.fromEntries(lab.posted[0])).toEqual({
      target: 'pve2',
      online: '1',
      bwlimit: '122070',
    });
  });

  it('leaves a config alone that has the limit already: 0.1 s is 100 ms', async () => {
    lab.config.migrate_downtime = '0.1';
    await lab.open().start({ ...ORDER, downtimeLimitMs: 100 });
    expect(lab.server.asked.filter(({ method }) => method === 'PUT')).toEqual([]);
  });

  it('reports pause, bytes, time, and target from the log', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    lab.succeed();
    expect(await executor.look(ORDER, evidence)).toEqual({
      state: 'ended',
      report: {
        status: 'completed',
        totalTimeMs: 20_000,
        downtimeMs: 59,
        bytesSent: Math.round(10.5 * 2 ** 30),
        target: 'pve2',
        detail: undefined,
      },
    });
  });

  it('reads a log of any length, page by page', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    const [, , , , , , active] = LOG;
    lab.succeed([...LOG.slice(0, 6), ...Array<string>(12_000).fill(active), ...LOG.slice(7)]);
    expect(await executor.look(ORDER, evidence)).toMatchObject({ report: { downtimeMs: 59 } });
  });

  it('takes a move with problems after it for a move, and says which', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    const [task] = lab.tasks;
    const problem = '2026-01-05 21:48:00 ERROR: failed to clear migrate lock';
    Object.assign(task, { exitstatus: 'migration problems', log: [...LOG.slice(0, 10), problem] });
    lab.node = 'pve2';
    expect(await executor.look(ORDER, evidence)).toMatchObject({
      report: { status: 'completed', detail: expect.stringContaining('clear migrate') as string },
    });
    lab.node = 'pve1';
    expect(await lab.open().look(ORDER, evidence)).toMatchObject({ report: { status: 'failed' } });
  });

  it('follows the task of the HA manager, not the one that only asks it', async () => {
    lab.underHa = true;
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    expect(await executor.look(ORDER, evidence)).toMatchObject({ state: 'unknown' });
    lab.add('qmigrate', 'root@pam', 'pve2');
    await lookUntil(executor, evidence, ['running']);
    lab.succeed();
    expect(await executor.look(ORDER, evidence)).toMatchObject({ report: { downtimeMs: 59 } });
  });

  it('does not take the task of another user, or of an earlier window, for its own', async () => {
    const before = lab.add('qmigrate', 'slack@pve!water', 'pve2');
    before.exitstatus = 'OK';
    delete lab.config.lock;
    const { evidence } = await lab.open().prepare(ORDER);
    const seen = await lookUntil(lab.open(), evidence, ['ended', 'none', 'unknown']);
    expect(seen.state).not.toBe('ended');
    lab.otherRuns();
    await expect(lab.open().look(ORDER, evidence)).rejects.toThrow('by root@pam meanwhile');
  });

  it('refuses what Proxmox could not do, naming the remedy', async () => {
    const executor = lab.open();
    await expect(executor.prepare({ ...ORDER, mode: 'post-copy' })).rejects.toThrow('post-copy');
    lab.precondition = { local_disks: [{ volid: 'local-lvm:vm-100-disk-0' }] };
    await expect(executor.prepare(ORDER)).rejects.toThrow('vms.v.withLocalDisks');
    await lab.open({ withLocalDisks: true }).prepare(ORDER);
    lab.precondition = { local_resources: ['hostpci0'] };
    await expect(executor.prepare(ORDER)).rejects.toThrow('hostpci0');
    lab.precondition = { not_allowed_nodes: { pve2: { unavailable_storages: ['nfs'] } } };
    await expect(executor.prepare(ORDER)).rejects.toThrow(/may not go to 'pve2': .*nfs/);
    lab.node = 'pve2';
    await expect(executor.prepare(ORDER)).rejects.toThrow('on its target');
  });
});
