import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { demoMigrations, GUEST_SIZE, guestVms } from '../../../src/app/demo/demo-migrations';
import { whyNoQemu } from '../../../src/app/demo/qemu-pair';
import { HOUR_MS } from '../../../src/core';
import { generatedPct } from '../../../src/ingest';
import { parseWindowContent } from '../../../src/migration';
import { ServiceLab } from '../http/service-lab';

const why = whyNoQemu();
const real = why === undefined ? describe : describe.skip;
const FLEET = { seed: 3, vmCount: 12 };

describe('the two VMs that the demo migrates', () => {
  it('are those whose days swing most', () => {
    const endMs = Date.UTC(2026, 10, 27, 12); // a Friday: office hours count
    const [first, second] = guestVms(FLEET, endMs);
    expect(first).not.toBe(second);
    const swing = (vm: number): number => {
      const hours = Array.from({ length: 24 }, (_, hour) =>
        generatedPct(FLEET, vm, endMs - 24 * HOUR_MS + hour * HOUR_MS),
      );
      return Math.max(...hours) - Math.min(...hours);
    };
    expect(swing(first)).toBeGreaterThan(20);
  });

  it('need QEMU and a compiler: the demo says so before any work', () => {
    const cli = join(__dirname, '../../../dist/cli.js');
    const { status, stderr } = spawnSync(process.execPath, [cli, 'demo', '--migrate', '--once'], {
      env: { PATH: '/nowhere' },
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain('--migrate migrates real guests: qemu-system-x86_64 is not installed');
  });
});

real(`migrations of the demo${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const lab = new ServiceLab();
  let vmNumbers: readonly [number, number];

  beforeAll(() => {
    vmNumbers = guestVms(FLEET, Date.now());
    const guests = { vmNumbers, size: GUEST_SIZE };
    return lab.start({ vms: FLEET.vmCount, days: 4, guests });
  }, 180_000);

  afterAll(() => lab.stop(), 60_000);

  it('send more in the busiest hour than in the best window, and the service keeps both', async () => {
    const done = await demoMigrations(lab.system, vmNumbers);
    expect(done.map(({ moment }) => moment)).toEqual(['best window', 'busiest hour']);
    const [good, bad] = done;
    expect(good.loadPct).toBeLessThan(bad.loadPct);
    for (const { outcome, predicted } of done) {
      expect(outcome.status).toBe('completed');
      expect(outcome.bytesSent).toBeGreaterThan(0.9 * 154 * 2 ** 20);
      expect(outcome.totalTimeMs).toBeLessThan(20 * predicted.totalTimeMs.p95);
    }
    expect(bad.outcome.bytesSent).toBeGreaterThan(good.outcome.bytesSent ?? Infinity);
    const stored = await lab.system.outcomes.list('default', { after: 0, limit: 10 });
    expect(stored.map(({ judgement }) => judgement.learned)).toEqual([true, true]);
    for (const { vmId } of done) {
      const document = await lab.system.windows.document('default', vmId);
      expect(parseWindowContent(document?.text ?? '').policy).toBe('auto');
    }
  }, 60_000);
});
