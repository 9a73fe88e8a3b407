import {
  calendarSchema,
  planDrain,
  refuseCycle,
  type DrainInputs,
  type DrainRequest,
  type PlanLoad,
  type PlanVm,
  type VmTrait,
} from '../../../src/migration';

const NOW = Date.parse('2026-11-27T20:00:00Z');
const HOUR = 3_600_000;
const GIB = 2 ** 30;
const REQUEST: DrainRequest = { host: 'h-1', byMs: NOW + 8 * HOUR };

/** Flat hours at `pct`, one quiet hour at `quietHour`. */
function loadOf(pct: number, quietHour = -1): PlanLoad {
  const hourly = Float32Array.from({ length: 168 }, (_, hour) =>
    hour % 24 === quietHour ? pct / 10 : pct,
  );
  const fine = Float32Array.from({ length: 288 }, (_, bin) => hourly[Math.floor(bin / 12)]);
  return [
    { startMs: NOW, stepMs: 300_000, mean: fine },
    { startMs: NOW, stepMs: HOUR, mean: hourly },
  ];
}

/** Ever quieter: the least harm lies at the deadline. */
function fallingLoad(): PlanLoad {
  const mean = Float32Array.from({ length: 288 }, (_, bin) => Math.max(1, 5 - bin / 4));
  return [{ startMs: NOW, stepMs: 300_000, mean }];
}

function vmAt(at: number, over: Partial<PlanVm> = {}): PlanVm {
  return { vmId: `vm-${at}`, host: 'h-1', cluster: 'c-1', vcpus: 2, memoryBytes: 4 * GIB, ...over };
}

function inputsOf(vms: readonly PlanVm[], over: Partial<DrainInputs> = {}): DrainInputs {
  const big = { cluster: 'c-1', cores: 64, memoryBytes: 256 * GIB };
  return {
    tenantId: 'default',
    nowMs: NOW,
    vms,
    hosts: new Map([
      ['h-1', big],
      ['h-2', big],
      ['h-3', big],
    ]),
    traits: new Map(),
    groups: [],
    calendars: [],
    loads: new Map(vms.map((vm, at) => [vm.vmId, loadOf(4 + at, 2 + (at % 4))])),
    excluded: new Map(),
    ...over,
  };
}

const traitOf = (vmId: string, trait: VmTrait): Partial<DrainInputs> => ({
  traits: new Map([[vmId, trait]]),
});

describe('a drain plan', () => {
  it('has every VM gone before the deadline, in its quiet hour, within the caps', () => {
    const vms = Array.from({ length: 12 }, (_, at) => vmAt(at));
    const plan = planDrain(REQUEST, inputsOf(vms));
    expect([plan.status, plan.blockers, plan.moves.length]).toEqual(['complete', [], 12]);
    for (const { endMs, startMs, downtimeMs, target, parallelMax } of plan.moves) {
      expect(endMs).toBeLessThanOrEqual(REQUEST.byMs);
      expect(downtimeMs.p95).toBeLessThanOrEqual(300);
      expect(['h-2', 'h-3']).toContain(target);
      const beside = plan.moves.filter((one) => one.startMs <= startMs && startMs < one.endMs);
      expect(beside.length).toBeLessThanOrEqual(parallelMax);
    }
    const hour = (plan.moves.find(({ vmId }) => vmId === 'vm-1')?.startMs ?? 0) - NOW;
    expect(Math.floor(hour / HOUR)).toBe(3);
    expect(plan.harm.bound).toBeLessThanOrEqual(plan.harm.expected);
    expect(plan.harm.gapPct).toBeLessThan(5);
    expect(plan.inTimeProb).toBeGreaterThan(0.9);
    expect(planDrain(REQUEST, inputsOf(vms))).toEqual(plan);
  });

  it('gives each of two in parallel half the bandwidth, and so more time', () => {
    const vms = Array.from({ length: 25 }, (_, at) => vmAt(at, { memoryBytes: GIB }));
    const inputs = inputsOf(vms, { loads: new Map(vms.map((vm) => [vm.vmId, loadOf(2)])) });
    const plan = planDrain({ ...REQUEST, byMs: NOW + 20 * 60_000, parallelMax: 2 }, inputs);
    const both = plan.moves.filter(({ parallelMax }) => parallelMax === 2);
    const alone = plan.moves.filter(({ parallelMax }) => parallelMax === 1);
    expect([both.length > 0, alone.length > 0]).toEqual([true, true]);
    expect(both[0].totalTimeMs.p50).toBeGreaterThan(1.8 * alone[0].totalTimeMs.p50);
  });

  it('spreads VMs by memory and by forecast CPU, and names one that no target can take', () => {
    const small = { cluster: 'c-1', cores: 4, memoryBytes: 40 * GIB };
    const hosts = new Map([
      ['h-1', small],
      ['h-2', small],
      ['h-3', small],
    ]);
    const vms = [
      vmAt(0, { memoryBytes: 64 * GIB }),
      ...[1, 2, 3, 4].map((at) => vmAt(at, { memoryBytes: 18 * GIB })),
    ];
    const plan = planDrain(REQUEST, inputsOf(vms, { hosts }));
    expect(plan.moves.map(({ target }) => target).toSorted()).toEqual(['h-2', 'h-2', 'h-3', 'h-3']);
    expect(plan.blockers).toEqual([
      {
        vmId: 'vm-0',
        code: 'too-big',
        reason: "it has 64 GiB, more than any target gives VMs (host 'h-2': 38 GiB)",
        unblock: ['a target that gives VMs at least 64 GiB', 'stop it for the time'],
      },
    ]);
    const busy = new Map(vms.map((vm) => [vm.vmId, loadOf(190)]));
    const hot = planDrain(
      { ...REQUEST, maxDowntimeMs: 5_000, postCopy: true },
      inputsOf(vms, { hosts, loads: busy }),
    );
    expect(hot.blockers.map(({ code }) => code)).toContain('no-target');
    expect(hot.blockers[1].reason).toContain('busy vCPUs: at most');
  });

  it.each<[string, Partial<DrainInputs>, Partial<PlanVm>, RegExp, RegExp]>([
    [
      'cannot-migrate',
      traitOf('vm-0', { cannotMigrate: 'passthrough of GPU 3b:00.0' }),
      {},
      /passthrough of GPU 3b/,
      /take the device off/,
    ],
    [
      'cannot-migrate',
      { excluded: new Map([['vm-0', 'audit']]) },
      {},
      /excluded by an operator: audit/,
      /"state":"auto"/,
    ],
    [
      'memory-unknown',
      {},
      { memoryBytes: undefined },
      /memory size is not known/,
      /memoryBytes with PUT \/v1\/vms/,
    ],
    ['no-forecast', { loads: new Map() }, {}, /two days of history/, /wait for two days/],
    [
      'downtime',
      { loads: new Map([['vm-0', loadOf(100)]]), ...traitOf('vm-0', { maxDowntimeMs: 21 }) },
      { memoryBytes: 200 * GIB, vcpus: 48 },
      /never converges within the limits/,
      /allow maxDowntimeMs \d+/,
    ],
    [
      'cool-down',
      traitOf('vm-0', { lastMigratedMs: NOW + 8 * HOUR }),
      {},
      /rests until 2026-11-28T05:00:00Z/,
      /shorter coolDownMs/,
    ],
  ])(
    'names a VM that cannot go (%s), why, and what would unblock it',
    (code, over, vm, reason, remedy) => {
      const plan = planDrain(REQUEST, inputsOf([vmAt(0, vm)], over));
      expect(plan.status).toBe('blocked');
      expect(plan.blockers).toHaveLength(1);
      expect(plan.blockers[0]).toMatchObject({ vmId: 'vm-0', code });
      expect(plan.blockers[0].reason).toMatch(reason);
      expect(plan.blockers[0].unblock.join('; ')).toMatch(remedy);
    },
  );

  it('names the calendars that leave no time, and the deadline that would do', () => {
    const calendar = calendarSchema.parse({
      kind: 'blackout',
      timeZone: 'UTC',
      scope: { level: 'tag', names: ['gold'] },
      rules: [{ start: '2026-11-27T18:00', end: '2026-11-28T06:00' }],
    });
    const calendars = [{ calendarId: 'freeze', calendar }];
    const vms = [vmAt(0), vmAt(1)];
    const plan = planDrain(
      REQUEST,
      inputsOf(vms, { calendars, ...traitOf('vm-0', { tags: ['gold'] }) }),
    );
    expect([plan.status, plan.moves.map(({ vmId }) => vmId)]).toEqual(['partial', ['vm-1']]);
    expect(plan.blockers[0].reason).toMatch(
      /^calendars 'freeze' \(blackout\) leave no \d+ min in one piece before 2026-11-28T04/,
    );
    expect(plan.blockers[0].unblock[1]).toMatch(/^a deadline of 2026-11-28T06:0\d:00Z$/);
  });

  it('respects a blackout of the host that would receive the VM', () => {
    const calendar = calendarSchema.parse({
      kind: 'blackout',
      timeZone: 'UTC',
      scope: { level: 'host', names: ['h-2', 'h-3'] },
      rules: [{ start: '2026-11-27T18:00', end: '2026-11-28T03:00' }],
    });
    const plan = planDrain(
      REQUEST,
      inputsOf([vmAt(0)], { calendars: [{ calendarId: 'x', calendar }] }),
    );
    expect(plan.moves[0].startMs).toBeGreaterThanOrEqual(Date.parse('2026-11-28T03:00Z'));
  });

  it('keeps pairs apart and orders in order, also behind one that never goes', () => {
    const vms = [0, 1, 2, 3].map((at) => vmAt(at));
    const groups = [
      { kind: 'apart' as const, vmIds: ['vm-0', 'vm-1'] },
      { kind: 'order' as const, vmIds: ['vm-2', 'vm-3', 'vm-9'] },
    ];
    const { moves } = planDrain(REQUEST, inputsOf(vms, { groups }));
    const [a, b, c, d] = vms.map(({ vmId }) => moves.find((one) => one.vmId === vmId)!);
    expect(a.endMs <= b.startMs || b.endMs <= a.startMs).toBe(true);
    expect(c.endMs).toBeLessThanOrEqual(d.startMs);
    const stuck = planDrain(
      REQUEST,
      inputsOf(vms, { groups, ...traitOf('vm-2', { cannotMigrate: 'x' }) }),
    );
    expect(stuck.blockers.map(({ vmId, code }) => [vmId, code])).toEqual([
      ['vm-2', 'cannot-migrate'],
      ['vm-3', 'order'],
    ]);
  });

  it('says what a deadline would need that is too near', () => {
    const vms = Array.from({ length: 20 }, (_, at) => vmAt(at));
    const plan = planDrain({ ...REQUEST, byMs: NOW + 10 * 60_000 }, inputsOf(vms));
    expect(plan.status).toBe('partial');
    expect(plan.blockers[0].code).toBe('time');
    expect(plan.blockers.at(-1)?.unblock[0]).toMatch(/^a deadline of 2026-11-27T2/);
    const none = planDrain({ ...REQUEST, byMs: NOW + 1 }, inputsOf(vms));
    expect([none.status, none.moves]).toEqual(['blocked', []]);
  });

  it('ends early enough that 19 of 20 draws of all durations are in time, where that can be', () => {
    const vms = Array.from({ length: 16 }, (_, at) => vmAt(at, { memoryBytes: 16 * GIB }));
    const loads = new Map(vms.map((vm) => [vm.vmId, fallingLoad()]));
    const plan = planDrain({ ...REQUEST, byMs: NOW + HOUR }, inputsOf(vms, { loads }));
    expect(plan.status).toBe('complete');
    expect(plan.inTimeProb).toBeGreaterThanOrEqual(0.95);
    expect(plan.emptyAtMsP95).toBeLessThanOrEqual(plan.byMs);
    expect(plan.harm.bound).toBeLessThanOrEqual(plan.harm.expected);
  });

  it('has nothing to do for an empty host', () => {
    const plan = planDrain(REQUEST, inputsOf([vmAt(0, { host: 'h-2' })]));
    expect(plan).toMatchObject({ status: 'empty', moves: [], blockers: [], inTimeProb: 1 });
  });

  it('without a known target tells which host lacks what', () => {
    const hosts = new Map([
      ['h-2', { cluster: 'c-1', cores: 8 }],
      ['h-3', { cluster: 'c-1', state: 'down' as const }],
    ]);
    const plan = planDrain(REQUEST, inputsOf([vmAt(0)], { hosts }));
    expect(plan.blockers[0].reason).toBe(
      "there is no host to move it to: the memory size of host 'h-2' is not known (PUT /v1/hosts): it receives no VM",
    );
    expect(plan.notes).toContain("host 'h-3' is down and receives no VM");
  });

  it.each<[string, Partial<DrainRequest>, string]>([
    ['HOST_UNKNOWN', { host: 'h-9' }, "host 'h-9' is unknown"],
    ['HOST_UNKNOWN', { targets: ['h-7'] }, "target host 'h-7' is unknown"],
    ['DEADLINE_PAST', { byMs: NOW - 1 }, 'the deadline 2026-11-27T19:59:59.999Z is not after now'],
    ['REQUEST_INVALID', { byMs: NOW + 200 * HOUR }, 'at most 168 h from now'],
    ['REQUEST_INVALID', { maxDowntimeMs: 20 }, 'maxDowntimeMs is 20; more than 20'],
    ['REQUEST_INVALID', { parallelMax: 9 }, 'parallelMax is 9; 1 to 8'],
    ['REQUEST_INVALID', { targets: ['h-1'] }, "targets has 'h-1', the host that is to be emptied"],
  ])('refuses with %s what cannot be planned: %j', (code, over, message) => {
    const asked = (): unknown => planDrain({ ...REQUEST, ...over }, inputsOf([vmAt(0)]));
    expect(asked).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe('groups that order VMs', () => {
  const group = (id: string, ...vmIds: string[]) => ({
    id,
    record: { kind: 'order' as const, vmIds },
  });

  it('are refused where a VM would wait for itself, or stands twice', () => {
    expect(() => refuseCycle([group('g', 'a', 'b', 'c'), group('h', 'c', 'a')])).toThrow(
      'would wait for itself',
    );
    expect(() => refuseCycle([group('g', 'a', 'b', 'a')])).toThrow("group 'g' names VM 'a' twice");
    expect(() => refuseCycle([group('g', 'a', 'b', 'c'), group('h', 'a', 'c')])).not.toThrow();
  });
});
