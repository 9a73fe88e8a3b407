import {
  lookUntil,
  migrationExecutorConformance,
  ORDER,
} from '../../../conformance/migration-executor.conformance';
import { KubeVirtLab } from './kubevirt-server';

const MIB = 2 ** 20;

migrationExecutorConformance('KubeVirtExecutor', () => new KubeVirtLab().ready(), {
  downtime: false,
  bytes: false,
});

describe('KubeVirtExecutor', () => {
  let lab: KubeVirtLab;

  beforeEach(async () => {
    lab = await new KubeVirtLab().ready();
  });

  afterEach(() => lab.close());

  const policySelector = { 'vm.kubevirt.io/name': 'till' };

  it('writes bytes per second as a quantity: 64 MiB/s is 64Mi, 125 MB/s is not 125Mi', async () => {
    const executor = lab.open({ policySelector });
    await executor.prepare({ ...ORDER, bandwidthBytesPerSec: 64 * MIB });
    expect(lab.policies).toEqual([]);
    await executor.start({ ...ORDER, bandwidthBytesPerSec: 64 * MIB });
    lab.succeed();
    await executor.start({ ...ORDER, token: 4, bandwidthBytesPerSec: 125_000_000 });
    expect(lab.policies.map(({ spec }) => spec)).toEqual([
      {
        allowAutoConverge: false,
        allowPostCopy: false,
        bandwidthPerMigration: '64Mi',
        selectors: { virtualMachineInstanceSelector: policySelector },
      },
      expect.objectContaining({ bandwidthPerMigration: '125000000' }),
    ]);
  });

  it('goes over to post-copy after one pass over the memory, in seconds per GiB', async () => {
    const executor = lab.open({ policySelector });
    const order = { ...ORDER, mode: 'post-copy', bandwidthBytesPerSec: 256 * MIB } as const;
    const { settings } = await executor.prepare(order);
    expect(settings.migrationPolicy).toMatchObject({
      allowPostCopy: true,
      completionTimeoutPerGiB: 4,
    });
    expect(settings.downtimeLimit).toContain('no setting');
  });

  it('refuses what needs a policy where the VM names no labels, and makes none otherwise', async () => {
    const executor = lab.open();
    const slow = { ...ORDER, bandwidthBytesPerSec: MIB };
    await expect(executor.prepare(slow)).rejects.toThrow('vms.v.policySelector');
    await expect(executor.prepare({ ...ORDER, mode: 'post-copy' })).rejects.toThrow("'post-copy'");
    await executor.start(ORDER);
    expect(lab.policies).toEqual([]);
  });

  it('says when another policy of the cluster has won', async () => {
    const executor = lab.open({ policySelector });
    const order = { ...ORDER, bandwidthBytesPerSec: 64 * MIB };
    const { evidence } = await executor.prepare(order);
    await executor.start(order);
    const [made] = lab.made.values();
    made.state.migrationConfiguration = { bandwidthPerMigration: '32Mi' };
    made.state.migrationPolicyName = 'night';
    lab.succeed();
    expect(await executor.look(order, evidence)).toMatchObject({
      report: {
        status: 'completed',
        target: 'n2',
        totalTimeMs: 12_000,
        detail: 'bandwidthPerMigration was 32Mi, not 64Mi (policy: night)',
      },
    });
  });

  it('leaves the time of a migration within one second unknown, never 0', async () => {
    lab.lengthSec = 0;
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    lab.succeed();
    const sight = await lookUntil(executor, evidence, ['ended']);
    if (sight.state !== 'ended') throw new Error('not ended');
    expect(sight.report).toMatchObject({ status: 'completed' });
    expect(sight.report.totalTimeMs).toBeUndefined();
  });

  it.each([
    ['Live migration is not completed after 800 sec and has been aborted', 'timeout'],
    ['Live migration stuck for 150 sec and has been aborted', 'no-convergence'],
    ['target pod is unschedulable: 0/3 nodes are available', 'resources'],
    ['guest CPU is not compatible with host CPU', 'incompatible'],
    ['target pod was deleted', 'destination'],
    ['unexpected', 'hypervisor'],
  ])('knows the cause of: %s', async (words, cause) => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    lab.fail(words);
    expect(await executor.look(ORDER, evidence)).toMatchObject({
      report: { status: 'failed', cause, detail: words },
    });
  });

  it('says why a VM cannot be migrated live', async () => {
    const message = 'cannot migrate VMI: PVC disk is not shared';
    lab.conditions = [{ type: 'LiveMigratable', status: 'False', message }];
    await expect(lab.open().prepare(ORDER)).rejects.toThrow(message);
  });

  it('takes a name that is there already for its own migration, not for a refusal', async () => {
    const executor = lab.open();
    const { evidence } = await executor.prepare(ORDER);
    await executor.start(ORDER);
    await expect(executor.start(ORDER)).rejects.toMatchObject({ code: 'EXECUTOR_UNREACHABLE' });
    expect(lab.starts()).toBe(1);
    expect(await executor.look(ORDER, evidence)).toEqual({ state: 'running' });
  });

  it('reads the token anew at each call: it is renewed in its file', async () => {
    const executor = lab.open();
    await executor.prepare(ORDER);
    lab.renewToken('secret-2');
    await executor.prepare(ORDER);
    lab.token = 'another';
    await expect(executor.prepare(ORDER)).rejects.toMatchObject({
      code: 'EXECUTOR_REFUSED',
      message: expect.stringContaining('401 Unauthorized') as string,
    });
  });
});
