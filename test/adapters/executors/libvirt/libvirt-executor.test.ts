import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LibvirtExecutor } from '../../../../src/adapters/executors';
import {
  lookUntil,
  migrationExecutorConformance,
  ORDER,
} from '../../../conformance/migration-executor.conformance';
import { COMPLETED, VirshLab } from './virsh-lab';

migrationExecutorConformance('LibvirtExecutor', () => Promise.resolve(new VirshLab()), {
  downtime: true,
  bytes: true,
});

describe('LibvirtExecutor', () => {
  let lab: VirshLab;

  beforeEach(() => {
    lab = new VirshLab();
  });

  afterEach(() => lab.close());

  async function ended(executor = lab.open(), order = ORDER) {
    const { evidence } = await executor.prepare(order);
    await executor.start(order);
    await lookUntil(executor, evidence, ['running'], order);
    lab.succeed();
    const sight = await lookUntil(executor, evidence, ['ended'], order);
    if (sight.state !== 'ended') throw new Error('not ended');
    return sight.report;
  }

  it('sets the limit in ms and the bandwidth in MiB/s', async () => {
    const executor = lab.open({
      peerToPeer: true,
      copyStorage: true,
      migrateUri: 'tcp://10.0.0.2',
    });
    const order = { ...ORDER, mode: 'auto-converge', bandwidthBytesPerSec: 125_000_000 } as const;
    const { settings } = await executor.prepare(order);
    expect(settings['migrate-setmaxdowntime']).toBe(300);
    expect(settings.command).toMatch(
      /virsh -q -c test:\/\/a migrate --live .* --bandwidth 119 till/,
    );
    expect(lab.read('maxdowntime')).toBe('');
    await executor.start(order);
    await lookUntil(executor, null, ['running'], order);
    expect(lab.read('maxdowntime')).toBe('300\n');
    expect(lab.read('asked')).toContain(
      'a migrate --live --persistent --undefinesource --p2p --copy-storage-all --auto-converge --bandwidth 119 till test://b tcp://10.0.0.2',
    );
  });

  it('sets the limit while it runs where an older libvirt takes it only then', async () => {
    lab.write('old', '');
    const report = await ended();
    expect(lab.read('maxdowntime')).toBe('300\n');
    expect(report).toMatchObject({ status: 'completed', downtimeMs: 63 });
  });

  it('reports what domjobinfo says of the completed job, in ms and bytes', async () => {
    expect(await ended()).toEqual({
      status: 'completed',
      totalTimeMs: 2_315,
      downtimeMs: 63,
      bytesSent: Math.round(1.035 * 2 ** 30),
      rounds: 4,
      detail: undefined,
    });
    expect(lab.read('completed-b')).toBe(COMPLETED); // kept for others who want to read it
  });

  it('leaves figures unknown that somebody else has read before, or that are of another job', async () => {
    lab.write('figures', 'Job type:         None\n');
    expect(await ended()).toEqual({
      status: 'completed',
      totalTimeMs: undefined,
      downtimeMs: undefined,
      bytesSent: undefined,
      rounds: undefined,
      detail: undefined,
    });
    await lab.close();
    lab = new VirshLab();
    lab.write('figures', COMPLETED.replace('2315 ', '9999999 '));
    expect((await ended()).totalTimeMs).toBeUndefined();
  });

  it('does not believe the pause of post-copy', async () => {
    const order = { ...ORDER, mode: 'post-copy' } as const;
    const report = await ended(lab.open(), order);
    expect(report).toMatchObject({ status: 'completed', totalTimeMs: 2_315 });
    expect(report.downtimeMs).toBeUndefined();
    expect(lab.read('asked')).toContain('--postcopy --postcopy-after-precopy till');
  });

  it('tells by where the domain runs that it moved, when virsh was killed', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    lab.lose('answer');
    await executor.start(ORDER);
    await lookUntil(executor, evidence, ['running']);
    lab.succeed();
    expect(await lookUntil(lab.open(), evidence, ['ended'])).toMatchObject({
      report: {
        status: 'completed',
        downtimeMs: 63,
        detail: expect.stringContaining('virsh left no end') as string,
      },
    });
  });

  it('cannot tell how it ended when virsh was killed and the domain is at the source', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    lab.lose('answer');
    await executor.start(ORDER);
    await lookUntil(executor, evidence, ['running']);
    lab.fail('lost');
    for (let looks = 0; lab.read('job') !== '' || looks < 10; looks += 1) await sleep(20);
    expect(await lookUntil(lab.open(), evidence, ['unknown'])).toMatchObject({ state: 'unknown' });
  });

  it('takes a failure after the domain had moved for a move', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    await lookUntil(executor, evidence, ['running']);
    lab.write('domain-b', 'running\n');
    lab.remove('domain-a');
    lab.fail('cannot undefine');
    expect(await lookUntil(executor, evidence, ['ended'])).toMatchObject({
      report: { status: 'completed', detail: expect.stringContaining('undefine') as string },
    });
  });

  it('knows an order for which virsh was never started', async () => {
    const { evidence } = await lab.open().prepare(ORDER);
    expect(await lab.open().look(ORDER)).toMatchObject({ state: 'none' });
    expect(evidence).toEqual({ domain: 'till' });
  });

  it('never starts an order twice', async () => {
    const executor = lab.open();
    await executor.prepare(ORDER);
    await executor.start(ORDER);
    await lookUntil(executor, null, ['running']);
    await expect(lab.open().start(ORDER)).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' });
    expect(lab.starts()).toBe(1);
  });

  it('runs virsh in a group of its own, so that it outlives an executor that is killed', async () => {
    const executor = lab.open();
    await executor.prepare(ORDER);
    await executor.start(ORDER);
    await lookUntil(executor, null, ['running']);
    const [, , , , ours] = readFileSync('/proc/self/stat', 'utf8').split(' ');
    expect(Number(lab.read('group'))).toBeGreaterThan(1);
    expect(Number(lab.read('group'))).not.toBe(Number(ours));
  });

  it('names a host that cannot be reached, and a virsh that is not there', async () => {
    await expect(lab.open({ destination: 'test://c' }).prepare(ORDER)).rejects.toMatchObject({
      code: 'EXECUTOR_UNREACHABLE',
      message: expect.stringContaining("'test://c'") as string,
    });
    const vms = { v: { domain: 'till', source: 'test://a', destination: 'test://b' } };
    const none = new LibvirtExecutor({ virsh: '/nowhere/virsh', folder: lab.folder, vms });
    await expect(none.prepare(ORDER)).rejects.toThrow(/\/nowhere\/virsh domstate till.*ENOENT/);
  });

  it('refuses a domain that runs at the destination already', async () => {
    lab.write('domain-b', 'running\n');
    await expect(lab.open().prepare(ORDER)).rejects.toThrow("runs at 'test://b' already");
  });
});
