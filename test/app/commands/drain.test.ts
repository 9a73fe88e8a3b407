import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerAdvise } from '../../../src/app/commands/advise';
import { registerCalendars } from '../../../src/app/commands/calendars';
import { registerDrain } from '../../../src/app/commands/drain';
import { lengthOf } from '../../../src/app/commands/plan-options';
import { registerHindsight } from '../../../src/app/commands/hindsight';
import { registerUpgrade } from '../../../src/app/commands/upgrade';
import type { DrainPlan } from '../../../src/migration';
import { ServiceLab } from '../http/service-lab';

describe('slackwater drain, upgrade, advise, calendars, hindsight', () => {
  const lab = new ServiceLab();
  const by = new Date(Date.now() + 12 * 3_600_000).toISOString();

  beforeAll(() => lab.start({ vms: 25, days: 4 }), 180_000);

  afterAll(async () => {
    process.exitCode = undefined;
    await lab.stop();
  }, 60_000);

  async function cli(...args: string[]): Promise<string> {
    const program = new Command('slackwater').exitOverride();
    registerAdvise(program);
    registerDrain(program);
    registerCalendars(program);
    registerUpgrade(program);
    registerHindsight(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    process.exitCode = undefined;
    try {
      const service = ['--url', lab.system.url, '--token-file', operatorTokenPath(lab.dataDir)];
      const [command, ...rest] = args;
      await program.parseAsync([command, ...service, ...rest], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    return printed;
  }

  it('prints the plan as a table with its bound, as CSV, and as JSON', async () => {
    const table = await cli('drain', 'h-00001', '--by', by, '--max-downtime', '300ms');
    expect(table).toMatch(/^Host h-00001, to be empty by .*: every VM is gone in time\n/);
    expect(table).toMatch(/vm-000020 +h-00000 +\d{4}-/);
    expect(table).toMatch(
      /Expected harm [\d.]+ busy vCPU-seconds; no plan .* less than [\d.]+: gap [\d.]+ %/,
    );
    expect(process.exitCode).toBeUndefined();
    const csv = (await cli('drain', 'h-00001', '--by', by, '-o', 'csv')).trimEnd().split('\n');
    expect(csv).toHaveLength(6);
    expect(csv[0]).toMatch(/^vm,target,start,end,mode,parallel_max/);
    const plan = JSON.parse(await cli('drain', 'h-00001', '--by', by, '-o', 'json')) as DrainPlan;
    expect([plan.status, plan.moves.length]).toEqual(['complete', 5]);
  });

  it('reads a calendar from a file, tells it, and ends with 3 when it keeps VMs on the host', async () => {
    const file = join(lab.dataDir, 'freeze.ics');
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const event = [
      'BEGIN:VEVENT',
      'UID:1',
      `DTSTART;VALUE=DATE:${today}`,
      'DURATION:P5D',
      'END:VEVENT',
    ];
    writeFileSync(file, ['BEGIN:VCALENDAR', ...event, 'END:VCALENDAR'].join('\r\n'));
    const told = await cli('calendars', 'freeze', '--import', file, '--host', 'h-00001');
    expect(told).toMatch(/^calendar .*\nfreeze +blackout +UTC +host h-00001 +1 +0 +\d{4}-/);
    const plan = await cli('drain', 'h-00001', '--by', by);
    expect(plan).toContain('no VM can go');
    expect(plan).toContain("calendars 'freeze' (blackout) leave no");
    expect(process.exitCode).toBe(3);
    await cli('calendars', 'freeze', '--remove');
    expect(JSON.parse(await cli('calendars', '-o', 'json'))).toEqual({ items: [] });
  });

  it('prints a rolling upgrade host by host, and ends with 3 when a host cannot be emptied', async () => {
    const table = await cli('upgrade', 'c-000', '--by', by, '--capacity-floor', '0.5');
    expect(table).toMatch(/^Cluster c-000, by .*: 2 of 2 hosts upgraded\n/);
    expect(table).toContain('At least 50.0 % of the cores are in service (floor 50.0 %).');
    expect(process.exitCode).toBeUndefined();
    const near = new Date(Date.now() + 3_600_000).toISOString();
    const csv = await cli(
      'upgrade',
      'c-000',
      '--by',
      near,
      '--capacity-floor',
      '0',
      '--host-time',
      '50m',
      '-o',
      'csv',
    );
    expect(csv.trimEnd().split('\n')).toHaveLength(3);
    expect(csv).toMatch(/,blocked,/);
    expect(process.exitCode).toBe(3);
  });

  it('prints advice for a cluster as a table, and as CSV', async () => {
    const table = await cli('advise', 'c-000', '--hot-share', '0.05', '--fill-share', '0.04');
    expect(table).toMatch(/^Cluster c-000, by the forecast until \d{4}-.*\nRelieve h-0000\d: /);
    const calm = await cli('advise', 'c-000', '--hours', '48');
    expect(calm).toContain('Nothing to do: no host will be overloaded, and none can be spared');
    const csv = await cli('advise', 'c-000', '-o', 'csv');
    expect(csv.split('\n')[0]).toBe('why,vm,target,mode,time_ms_p95,downtime_ms_p95,harm_vcpu_s');
  });

  it('tells what is known in hindsight of the newest night', async () => {
    const told = await cli('hindsight');
    expect(told).toMatch(/^Night of \d{4}-\d\d-\d\d: 0 VMs compared, 2\d left out/);
    expect(told).toContain('The day is not over');
    const csv = await cli('hindsight', '-o', 'csv');
    expect(csv.trimEnd()).toBe('moment,load_pct,downtime_ms,total_ms,harm_vcpu_s,saved_vcpu_s');
  });

  it('is one sentence about an unknown host, a missing file, and two kinds of names', async () => {
    await expect(cli('drain', 'h-9', '--by', by)).rejects.toMatchObject({ code: 'HOST_UNKNOWN' });
    await expect(cli('calendars', 'x', '--import', '/nowhere.ics')).rejects.toThrow(
      "file '/nowhere.ics' cannot be read (ENOENT)",
    );
    await expect(
      cli('calendars', 'x', '--import', '/n', '--host', 'a', '--tag', 'b'),
    ).rejects.toThrow('about one kind of thing');
    await expect(cli('calendars', '--remove')).rejects.toThrow('name the calendar');
  });

  it('reads lengths with their unit, and refuses one without', () => {
    expect(['300ms', '1.5s', '10m', '2h'].map(lengthOf)).toEqual([300, 1_500, 600_000, 7_200_000]);
    expect(() => lengthOf('300')).toThrow("'300' is no length; write 300ms");
  });
});
