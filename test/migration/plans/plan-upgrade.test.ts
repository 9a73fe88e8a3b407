import {
  planUpgrade,
  type DrainInputs,
  type PlanLoad,
  type PlanVm,
  type UpgradePlan,
  type UpgradeRequest,
} from '../../../src/migration';

const NOW = Date.parse('2026-11-27T20:00:00Z');
const HOUR = 3_600_000;
const GIB = 2 ** 30;
const REQUEST: UpgradeRequest = { cluster: 'c-1', byMs: NOW + 24 * HOUR, capacityFloor: 0.7 };

function flat(pct: number): PlanLoad {
  return [{ startMs: NOW, stepMs: HOUR, mean: new Float32Array(168).fill(pct) }];
}

/** `perHost` VMs of 4 GiB on each of `hosts` hosts of 16 cores and 64 GiB. */
function clusterOf(hosts: number, perHost: number, over: Partial<DrainInputs> = {}): DrainInputs {
  const names = Array.from({ length: hosts }, (_, at) => `h-${at}`);
  const vms: PlanVm[] = names.flatMap((host, h) =>
    Array.from({ length: perHost }, (_, at) => ({
      vmId: `vm-${h}-${at}`,
      host,
      cluster: 'c-1',
      vcpus: 2,
      memoryBytes: 4 * GIB,
    })),
  );
  const record = { cluster: 'c-1', cores: 16, memoryBytes: 64 * GIB };
  return {
    tenantId: 'default',
    nowMs: NOW,
    vms,
    hosts: new Map(names.map((name) => [name, record])),
    traits: new Map(),
    groups: [],
    calendars: [],
    loads: new Map(vms.map((vm) => [vm.vmId, flat(3)])),
    excluded: new Map(),
    ...over,
  };
}

function planned(request: UpgradeRequest, inputs: DrainInputs): UpgradePlan {
  const steps = planUpgrade(request, inputs);
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Replays the plan on the fleet: where VMs are, what is out, what is full. */
function replay(plan: UpgradePlan, inputs: DrainInputs): void {
  const place = new Map(inputs.vms.map((vm) => [vm.vmId, vm.host]));
  const turns = plan.hosts.flatMap((one) => (one.status === 'planned' ? [one] : []));
  const out = (host: string, atMs: number): boolean =>
    turns.some((one) => one.host === host && one.outAtMs <= atMs && atMs < one.backAtMs);
  const moves = turns.flatMap(({ host, moves: all }) => all.map((move) => ({ host, ...move })));
  for (const move of moves.toSorted((a, b) => a.startMs - b.startMs)) {
    expect(place.get(move.vmId)).toBe(move.host);
    expect(out(move.target, move.startMs) || out(move.target, move.endMs)).toBe(false);
    place.set(move.vmId, move.target);
    const there = inputs.vms.filter((vm) => place.get(vm.vmId) === move.target);
    const memory = there.reduce((sum, vm) => sum + (vm.memoryBytes ?? 0), 0);
    expect(memory).toBeLessThanOrEqual((inputs.hosts.get(move.target)?.memoryBytes ?? 0) * 0.95);
  }
  for (const { host, outAtMs, emptyAtMs, backAtMs, moves: all } of turns) {
    const before = moves.filter((move) => move.endMs <= emptyAtMs);
    const here = new Map(inputs.vms.map((vm) => [vm.vmId, vm.host]));
    for (const move of before.toSorted((a, b) => a.startMs - b.startMs))
      here.set(move.vmId, move.target);
    expect([...here.values()].filter((one) => one === host)).toEqual([]);
    expect(all.every((move) => move.startMs >= outAtMs && move.endMs <= emptyAtMs)).toBe(true);
    expect(backAtMs).toBeLessThanOrEqual(plan.byMs);
    const outHosts = [...inputs.hosts.keys()].filter((one) => out(one, outAtMs));
    expect(1 - outHosts.length / inputs.hosts.size).toBeGreaterThanOrEqual(
      plan.capacityFloor - 1e-9,
    );
  }
}

describe('a rolling upgrade', () => {
  it('empties every host once, above the floor, by the date, and moves VMs to upgraded hosts', () => {
    const inputs = clusterOf(4, 6);
    const plan = planned(REQUEST, inputs);
    expect([plan.status, plan.hosts.length, plan.leastCapacity]).toEqual(['complete', 4, 0.75]);
    replay(plan, inputs);
    // The first host's VMs have nowhere upgraded to go; one host's worth is moved a second time.
    expect(plan.movedAgain).toBeLessThanOrEqual(6);
    expect(plan.moveCount - plan.movedAgain).toBe(24);
    expect(planned(REQUEST, inputs)).toEqual(plan);
  });

  it('takes two hosts out at once where the floor allows', () => {
    const inputs = clusterOf(6, 3);
    const one = planned({ ...REQUEST, hostMs: 2 * HOUR, capacityFloor: 0.8 }, inputs);
    const two = planned({ ...REQUEST, hostMs: 2 * HOUR, capacityFloor: 0.6 }, inputs);
    replay(one, inputs);
    replay(two, inputs);
    expect([one.leastCapacity, two.leastCapacity]).toEqual([0.833, 0.667]);
  });

  it('starts with a host that has no VM, and leaves no host behind that could have been emptied later', () => {
    const inputs = clusterOf(3, 12); // 48 of 64 GiB each: only an empty host has room for another's
    const spare = { cluster: 'c-1', cores: 16, memoryBytes: 64 * GIB };
    const full = planned({ ...REQUEST, capacityFloor: 0.5 }, inputs);
    expect(full.status).toBe('blocked');
    const hosts = new Map([...inputs.hosts, ['h-spare', spare] as const]);
    const plan = planned(REQUEST, { ...inputs, hosts });
    expect(plan.hosts[0]).toMatchObject({ host: 'h-spare', moves: [] });
    expect([plan.status, plan.movedAgain]).toEqual(['complete', 0]);
    replay(plan, { ...inputs, hosts });
  });

  it('leaves a host as it is when one of its VMs cannot go, and says which', () => {
    const traits = new Map([['vm-1-0', { cannotMigrate: 'passthrough' }]]);
    const inputs = clusterOf(4, 4, { traits });
    const plan = planned(REQUEST, inputs);
    expect(plan.status).toBe('partial');
    expect(plan.hosts.at(-1)).toMatchObject({
      host: 'h-1',
      status: 'blocked',
      reason: 'one VM cannot leave it in time',
      blockers: [{ vmId: 'vm-1-0', code: 'cannot-migrate' }],
    });
    replay(plan, inputs);
  });

  it('says which date would do for those whose turn comes too late', () => {
    const plan = planned({ ...REQUEST, byMs: NOW + 2 * HOUR, hostMs: HOUR }, clusterOf(4, 4));
    const late = plan.hosts.filter((one) => one.status === 'blocked');
    expect(late.length).toBeGreaterThan(0);
    expect(JSON.stringify(late[0])).toMatch(/a date from 2026-11-2\dT.* on would do/);
  });

  it.each<[string, Partial<UpgradeRequest>, string]>([
    ['CLUSTER_UNKNOWN', { cluster: 'c-9' }, "cluster 'c-9' is unknown"],
    ['HOST_UNKNOWN', { hosts: ['h-9'] }, "host 'h-9' is not up in cluster 'c-1'"],
    ['DEADLINE_PAST', { byMs: NOW }, 'the date 2026-11-27T20:00:00.000Z is not after now'],
    [
      'REQUEST_INVALID',
      { capacityFloor: 0.8 },
      "without host 'h-0' 0.75 of the cluster is left; 0 to 0.75",
    ],
    ['REQUEST_INVALID', { byMs: NOW + 200 * HOUR }, 'at most 168 h'],
  ])('refuses with %s what cannot be planned: %j', (code, over, message) => {
    const asked = (): unknown => planned({ ...REQUEST, ...over }, clusterOf(4, 1));
    expect(asked).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  it('refuses a cluster with a host of unknown size by its name', () => {
    const inputs = clusterOf(3, 1);
    const hosts = new Map([...inputs.hosts, ['h-x', { cluster: 'c-1' }] as const]);
    expect(() => planned(REQUEST, { ...inputs, hosts })).toThrow("number of cores of host 'h-x'");
  });
});
