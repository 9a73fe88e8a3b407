import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { utcMs } from '../../../../src/adapters/executors/nova/nova-schema';
import {
  lookUntil,
  migrationExecutorConformance,
  ORDER,
} from '../../../conformance/migration-executor.conformance';
import { NovaLab } from './nova-server';

const MIB = 2 ** 20;

migrationExecutorConformance('NovaExecutor', () => new NovaLab().ready(), {
  downtime: false,
  bytes: false,
});

describe('NovaExecutor', () => {
  let lab: NovaLab;

  beforeEach(async () => {
    lab = await new NovaLab().ready();
  });

  afterEach(() => lab.close());

  it('says what nova.conf must hold: the limit in ms, the bandwidth in MiB/s', async () => {
    const order = { ...ORDER, downtimeLimitMs: 300, bandwidthBytesPerSec: 125_000_000 };
    expect((await lab.open().prepare(order)).settings).toEqual({
      'os-migrateLive': { host: null, block_migration: 'auto' },
      'nova.conf [libvirt]': { live_migration_downtime: 300, live_migration_bandwidth: 119 },
    });
    const tight = { ...ORDER, downtimeLimitMs: 50, bandwidthBytesPerSec: 64 * MIB };
    expect((await lab.open().prepare(tight)).settings).toMatchObject({
      'nova.conf [libvirt]': { live_migration_downtime: 100, live_migration_bandwidth: 64 },
    });
  });

  it('reads the time as UTC seconds and names the host; bytes seen on the way are a least', async () => {
    const executor = lab.open({ host: 'compute2' });
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    expect(await executor.look(ORDER, evidence)).toEqual({ state: 'running' });
    lab.succeed();
    expect(await executor.look(ORDER, evidence)).toEqual({
      state: 'ended',
      report: {
        status: 'completed',
        totalTimeMs: 42_000,
        target: 'compute2',
        detail: 'at least 100 bytes were sent',
      },
    });
    expect(lab.bodies).toEqual([
      { 'os-migrateLive': { host: 'compute2', block_migration: 'auto' } },
    ]);
    expect(utcMs('2016-01-29T13:42:02.000000')).toBe(Date.UTC(2016, 0, 29, 13, 42, 2));
    expect(utcMs('2016-01-29T15:42:02+02:00')).toBe(Date.UTC(2016, 0, 29, 13, 42, 2));
  });

  it('asks for post-copy once, after the first pass over the memory', async () => {
    const executor = lab.open({}, { permitsPostCopy: true });
    const order = { ...ORDER, mode: 'post-copy' } as const;
    const { evidence } = await executor.prepare(order);
    await executor.start(order);
    for (const left of [900, 400, 100]) {
      lab.progress = { ...lab.progress, memory_remaining_bytes: left };
      await executor.look(order, evidence);
      expect(lab.forced).toEqual([]);
    }
    lab.progress = { ...lab.progress, memory_remaining_bytes: 300 }; // a new pass has begun
    await executor.look(order, evidence);
    await executor.look(order, evidence);
    expect(lab.forced).toEqual([7]);
  });

  it('never forces what was not advised, nor what nova.conf does not permit', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    lab.progress = { ...lab.progress, memory_remaining_bytes: 0 };
    await executor.look(ORDER, evidence);
    expect(lab.forced).toEqual([]); // without post-copy, force-complete would pause the VM
    lab.succeed();
    await expect(executor.prepare({ ...ORDER, mode: 'post-copy' })).rejects.toThrow(
      /live_migration_permit_post_copy .*permitsPostCopy/,
    );
    await expect(executor.prepare({ ...ORDER, mode: 'auto-converge' })).rejects.toThrow(
      /live_migration_permit_auto_converge .*permitsAutoConverge/,
    );
  });

  it('tells why where the conductor fails before there is a migration', async () => {
    lab.conductorFails = 'No valid host was found. There are not enough hosts available.';
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    expect(await lookUntil(executor, evidence, ['ended'])).toMatchObject({
      report: {
        status: 'failed',
        cause: 'resources',
        detail: expect.stringContaining('No valid host was found') as string,
      },
    });
  });

  it('is unknown while others migrate the server after the evidence was taken', async () => {
    const { evidence } = await lab.open().prepare(ORDER);
    lab.migrateByOther();
    expect(await lab.open().look(ORDER, evidence)).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining("others': 1") as string,
    });
  });

  it('renews a token that is no longer accepted, once, and keeps a good one', async () => {
    const executor = lab.open();
    await executor.prepare(ORDER);
    expect(lab.logins).toBe(1);
    lab.token = 'revoked';
    await executor.prepare(ORDER);
    expect(lab.logins).toBe(2);
  });

  it('names a microversion that Nova does not have', async () => {
    lab.maxMicro = 60;
    await expect(lab.open().prepare(ORDER)).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining(
        '2.80 is not supported by the API. Maximum is 2.60',
      ) as string,
    });
  });

  it('names a catalog without the address, and a credential that is none, without its text', async () => {
    lab.endpoints = ['admin'];
    await expect(lab.open().prepare(ORDER)).rejects.toThrow('0 public addresses of');
    await lab.open({}, { interface: 'admin', region: 'north' }).prepare(ORDER);
    await expect(lab.open({}, { interface: 'admin', region: 'x' }).prepare(ORDER)).rejects.toThrow(
      "region 'x'",
    );
    const credentialFile = join(mkdtempSync(join(tmpdir(), 'slackwater-cred-')), 'c.json');
    writeFileSync(credentialFile, '{"id":"app-1","secert":"hush"');
    const error: unknown = await lab
      .open({}, { credentialFile })
      .prepare(ORDER)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('does not hold {"id"');
    expect(String(error)).not.toContain('hush');
  });
});
