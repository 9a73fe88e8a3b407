import type { DrainPlan, ClusterAdvice, UpgradePlan } from '../../../src/migration';
import type { HindsightReport } from '../../../src/app/reports/hindsight-report';
import { recordOf } from '../../migration/outcomes/outcome-cases';
import { ServiceLab, type Answer } from './service-lab';

const HOUR = 3_600_000;

describe('calendars, constraints, and drain plans over HTTP', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 45, days: 4 }), 180_000);

  afterAll(() => lab.stop(), 60_000);

  const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
    body === undefined
      ? lab.ask(path, { method, headers: { 'content-type': 'text/plain' } })
      : lab.ask(path, { method, body: JSON.stringify(body) });
  const soon = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString();
  const drain = async (host: string, body: object): Promise<DrainPlan> => {
    const answer = await send('POST', `/v1/hosts/${host}/drain-plans`, body);
    expect([answer.status, answer.body.detail]).toEqual([201, undefined]);
    return answer.body as unknown as DrainPlan;
  };
  const refused = async (method: string, path: string, body?: unknown): Promise<string> => {
    const { status, body: problem } = await send(method, path, body);
    return `${status} ${problem.code} ${problem.detail}`;
  };
  const nightly = (start: string, end: string) => ({
    start: `2026-01-01T${start}`,
    end: `2026-01-0${start < end ? 1 : 2}T${end}`,
    rrule: 'FREQ=DAILY',
  });

  it('lists hosts with what is on them and how big they are', async () => {
    const { items } = (await send('GET', '/v1/hosts')).body as unknown as { items: object[] };
    expect(items).toHaveLength(3);
    expect(items[2]).toMatchObject({ host: 'h-00002', cluster: 'c-000', cores: 64, vmCount: 5 });
  });

  it('empties a host: every VM has a place and a time, and the plan is kept as it was made', async () => {
    const plan = await drain('h-00000', { by: soon(20), maxDowntimeMs: 300 });
    expect(plan).toMatchObject({ status: 'complete', blockers: [], host: 'h-00000' });
    expect(new Set(plan.moves.map(({ vmId }) => vmId)).size).toBe(20);
    for (const { target, endMs, startMs } of plan.moves) {
      expect(['h-00001', 'h-00002']).toContain(target);
      expect(startMs).toBeGreaterThan(plan.createdMs);
      expect(endMs).toBeLessThanOrEqual(plan.byMs);
    }
    expect(plan.harm.bound).toBeLessThanOrEqual(plan.harm.expected);
    const again = await send('GET', `/v1/hosts/h-00000/drain-plans/${plan.planId}`);
    expect(again.body).toEqual(plan);
    const { items } = (await send('GET', '/v1/hosts/h-00000/drain-plans')).body;
    expect(items).toHaveLength(1);
    expect(await refused('GET', `/v1/hosts/h-00001/drain-plans/${plan.planId}`)).toContain(
      `404 NOT_FOUND drain plan '${plan.planId}' of host 'h-00001' is unknown`,
    );
  });

  it('names what is wrong with a request, and what to do', async () => {
    const path = '/v1/hosts/h-00000/drain-plans';
    expect(await refused('POST', '/v1/hosts/h-9/drain-plans', { by: soon(2) })).toMatch(
      /^404 HOST_UNKNOWN host 'h-9' is unknown/,
    );
    expect(await refused('POST', path, { by: soon(-1) })).toMatch(
      /^422 DEADLINE_PAST the deadline/,
    );
    expect(await refused('POST', path, { by: 'tonight' })).toMatch(
      /^400 REQUEST_INVALID by is "tonight"/,
    );
    expect(await refused('POST', path, { by: soon(2), cap: 1 })).toMatch(
      /^400 REQUEST_INVALID body is/,
    );
    expect(await refused('POST', path, {})).toMatch(/^400 REQUEST_INVALID by is absent/);
    await lab.system.tenants.ensure({ tenantId: 'default', timeZone: 'Europe/Berlin' });
    expect(await refused('POST', path, { by: '2027-03-28T02:30' })).toContain(
      'the clocks of Europe/Berlin skip it for daylight saving; write 2027-03-28T01:30:00 or',
    );
    await lab.system.tenants.ensure({ tenantId: 'default', timeZone: 'UTC' });
  });

  it('keeps a VM that cannot go, and one without a size, as blockers with a remedy', async () => {
    await send('PUT', '/v1/traits', {
      items: [{ vmId: 'vm-000041', cannotMigrate: 'passthrough of GPU 3b:00.0', tags: ['gpu'] }],
    });
    await send('PUT', '/v1/vms', { items: [{ vmId: 'vm-000042', memoryBytes: 0 }] });
    const plan = await drain('h-00002', { by: soon(20) });
    expect(plan.status).toBe('partial');
    expect(plan.blockers).toMatchObject([
      { vmId: 'vm-000041', code: 'cannot-migrate', reason: expect.stringContaining('GPU 3b') },
      {
        vmId: 'vm-000042',
        code: 'memory-unknown',
        unblock: ['tell its memoryBytes with PUT /v1/vms'],
      },
    ]);
    const { items } = (await send('GET', '/v1/traits?vm=vm-000041')).body;
    expect(items).toEqual([
      { vmId: 'vm-000041', cannotMigrate: 'passthrough of GPU 3b:00.0', tags: ['gpu'] },
    ]);
    expect(await refused('PUT', '/v1/traits', { items: [{ vmId: 'nobody' }] })).toContain(
      "VM_UNKNOWN VM 'nobody' is unknown; nothing was changed",
    );
  });

  it('plans around a calendar from an .ics file, and says when none is left', async () => {
    const day = new Date(Date.now() - 24 * HOUR).toISOString().slice(0, 10).replaceAll('-', '');
    const ics = [
      'BEGIN:VCALENDAR',
      'BEGIN:VEVENT',
      'UID:1',
      'SUMMARY:Freeze',
      `DTSTART:${day}T000000Z`,
      'DURATION:P3D',
      'END:VEVENT',
      'END:VCALENDAR',
    ].join('\r\n');
    const scope = { level: 'vm', names: ['vm-000040', 'vm-000043'] };
    const made = await send('PUT', '/v1/calendars/freeze', { kind: 'blackout', scope, ics });
    expect([made.status, made.body]).toMatchObject([
      200,
      {
        calendarId: 'freeze',
        timeZone: 'UTC',
        rules: [{ summary: 'Freeze', durationMinutes: 4_320 }],
      },
    ]);
    const spans = (await send('GET', '/v1/calendars/freeze/spans')).body;
    expect(spans).toMatchObject({ kind: 'blackout', spans: [{}] });
    const plan = await drain('h-00002', { by: soon(12) });
    const calendars = plan.blockers.filter(({ code }) => code === 'calendar');
    expect(calendars.map(({ vmId }) => vmId)).toEqual(['vm-000040', 'vm-000043']);
    expect(calendars[0].reason).toMatch(/^calendars 'freeze' \(blackout\) leave no \d+ min/);
    expect((await send('DELETE', '/v1/calendars/freeze')).status).toBe(204);
    expect(await refused('DELETE', '/v1/calendars/freeze')).toContain(
      "calendar 'freeze' is unknown",
    );
    const free = await drain('h-00002', { by: soon(12) });
    expect(free.blockers.filter(({ code }) => code === 'calendar')).toEqual([]);
  });

  it('refuses calendars that contradict each other, and a time that does not exist', async () => {
    const scope = { level: 'tenant' };
    const nights = { kind: 'allow', scope, rules: [nightly('22:00', '04:00')] };
    expect((await send('PUT', '/v1/calendars/nights', nights)).status).toBe(200);
    const batch = { kind: 'blackout', scope, rules: [nightly('21:00', '05:00')] };
    expect(await refused('PUT', '/v1/calendars/batch', batch)).toBe(
      "422 CALENDAR_CONTRADICTORY calendar 'batch' (blackout) and calendar 'nights' (allow) together leave no moment of the next year",
    );
    const rules = [{ start: '2027-03-28T02:30', durationMinutes: 30 }];
    const gap = { kind: 'blackout', scope, timeZone: 'Europe/Berlin', rules };
    expect(await refused('PUT', '/v1/calendars/gap', gap)).toContain(
      'rules.0.start is "2027-03-28T02:30": the clocks of Europe/Berlin skip it',
    );
    const { items } = (await send('GET', '/v1/calendars')).body as unknown as { items: object[] };
    expect(items).toMatchObject([{ calendarId: 'nights', kind: 'allow' }]);
    await send('DELETE', '/v1/calendars/nights');
  });

  it('keeps groups, and refuses orders that go in a circle', async () => {
    const order = { kind: 'order', vmIds: ['vm-000040', 'vm-000043'] };
    expect((await send('PUT', '/v1/groups/first', order)).status).toBe(200);
    const back = { kind: 'order', vmIds: ['vm-000043', 'vm-000040'] };
    expect(await refused('PUT', '/v1/groups/second', back)).toContain('go in a circle');
    const { moves } = await drain('h-00002', { by: soon(12) });
    const [first, second] = order.vmIds.map((vmId) => moves.find((move) => move.vmId === vmId));
    expect(first?.endMs).toBeLessThanOrEqual(second?.startMs ?? 0);
    expect((await send('DELETE', '/v1/groups/first')).status).toBe(204);
  });

  it('lets a VM rest after a migration that an executor told of', async () => {
    const endedAtMs = Date.now();
    const record = recordOf({
      id: 'o-rest',
      vmId: 'vm-000044',
      startedAtMs: endedAtMs - 9_000,
      endedAtMs,
    });
    await lab.system.outcomes.put('default', record);
    const rests = await drain('h-00002', { by: soon(12), coolDownMs: 13 * HOUR });
    expect(rests.blockers).toContainEqual(
      expect.objectContaining({ vmId: 'vm-000044', code: 'cool-down' }),
    );
    const plan = await drain('h-00002', { by: soon(12), coolDownMs: 2 * HOUR });
    const move = plan.moves.find(({ vmId }) => vmId === 'vm-000044');
    expect(move?.startMs).toBeGreaterThanOrEqual(endedAtMs + 2 * HOUR);
  });

  it('plans a rolling upgrade of the cluster, keeps it, and names an unknown one', async () => {
    const path = '/v1/clusters/c-000/upgrade-plans';
    const made = await send('POST', path, {
      by: soon(20),
      capacityFloor: 0.5,
      hosts: ['h-00000', 'h-00001'],
    });
    const plan = made.body as unknown as UpgradePlan;
    expect([made.status, plan.status, plan.hosts.length]).toEqual([201, 'complete', 2]);
    expect(plan.hosts[0]).toMatchObject({ status: 'planned', moves: { length: 20 } });
    expect((await send('GET', `${path}/${plan.planId}`)).body).toEqual(plan);
    expect((await send('GET', path)).body.items).toHaveLength(1);
    expect(await refused('POST', '/v1/clusters/c-9/upgrade-plans', { by: soon(2) })).toMatch(
      /^404 CLUSTER_UNKNOWN cluster 'c-9' is unknown/,
    );
    expect(await refused('POST', path, { by: soon(2), capacityFloor: 0.9 })).toMatch(
      /^400 REQUEST_INVALID capacityFloor is 0.9: without host/,
    );
    expect(await refused('GET', '/v1/clusters/c-9/upgrade-plans/x')).toContain("upgrade plan 'x'");
  });

  it('advises a cluster, and names what is unknown or wrong', async () => {
    const path = '/v1/clusters/c-000/advice';
    const advice = (await send('GET', path)).body as unknown as ClusterAdvice;
    expect(advice).toMatchObject({ cluster: 'c-000', relieve: [], notes: [] });
    expect(advice.untilMs - advice.createdMs).toBe(24 * HOUR);
    // three hosts of 64 cores, hardly busy: two would do if one may fail
    expect(advice.empty).toHaveLength(1);
    const [{ host, moves }] = advice.empty;
    expect(moves.every(({ from, target }) => from === host && target !== host)).toBe(true);
    const hot = await send('GET', `${path}?hotShare=0.02&fillShare=0.01`);
    const { relieve } = hot.body as unknown as ClusterAdvice;
    expect(relieve.length).toBeGreaterThan(0);
    expect(await refused('GET', '/v1/clusters/c-9/advice')).toMatch(/^404 CLUSTER_UNKNOWN/);
    expect(await refused('GET', `${path}?fillShare=0.9`)).toMatch(
      /^400 REQUEST_INVALID fillShare is 0.9; above 0 and below hotShare 0.8/,
    );
    expect(await refused('GET', `${path}?hours=x`)).toMatch(/^400 REQUEST_INVALID hours is/);
  });

  it('tells of a night that is over what its windows cost beside other moments', async () => {
    const hour = Math.floor(Date.now() / HOUR) * HOUR;
    const { body } = await send('POST', '/v1/runs', { at: hour - 24 * HOUR });
    const { ledger } = lab.system.ports;
    for (
      let tries = 0;
      (await ledger.run(body.runId))?.status === 'running' && tries < 1_200;
      tries += 1
    ) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const path = `/v1/runs/${body.runId}/hindsight`;
    const report = (await send('GET', path)).body as unknown as HindsightReport;
    expect(report).toMatchObject({ complete: true, leftOutVms: 0 });
    expect(report.comparedVms).toBeGreaterThan(35);
    // Which moment is quieter depends on the hour at which the test runs; none is below the best.
    const { best, ...others } = report.moments as Required<HindsightReport>['moments'];
    for (const { loadPct } of Object.values(others)) {
      expect(loadPct).toBeGreaterThanOrEqual(best.loadPct);
    }
    expect(await refused('GET', '/v1/runs/none/hindsight')).toContain("404 RUN_UNKNOWN run 'none'");
  }, 150_000);

  it('has an empty plan for an empty host', async () => {
    await send('PUT', '/v1/hosts', {
      items: [{ host: 'h-new', cluster: 'c-000', cores: 8, memoryBytes: 2 ** 36 }],
    });
    expect(await drain('h-new', { by: soon(1) })).toMatchObject({ status: 'empty', moves: [] });
  });
});
