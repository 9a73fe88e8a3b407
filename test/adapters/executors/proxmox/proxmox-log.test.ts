import {
  bytesOfSize,
  readMigrationLog,
} from '../../../../src/adapters/executors/proxmox/proxmox-log';
import { LOG } from './proxmox-server';

describe('the log of a Proxmox migration', () => {
  it('tells the pause in ms, the time in whole seconds, the bytes by the last progress', () => {
    expect(readMigrationLog(LOG)).toEqual({
      copied: true,
      totalTimeMs: 20_000,
      downtimeMs: 59,
      bytesSent: Math.round(10.5 * 2 ** 30),
      raisedLimitMs: undefined,
      target: 'pve2',
      errors: [],
    });
  });

  it('takes the sum of newer versions before the last progress', () => {
    const sum = '2026-01-05 21:47:58 migration completed, transferred 11.7 GiB VM-state';
    const log = [...LOG.slice(0, 9), sum, ...LOG.slice(9)];
    expect(readMigrationLog(log).bytesSent).toBe(Math.round(11.7 * 2 ** 30));
  });

  it('leaves bytes unknown where the last progress is too early, or there is none', () => {
    expect(readMigrationLog([...LOG.slice(0, 7), ...LOG.slice(8)]).bytesSent).toBeUndefined();
    expect(readMigrationLog([...LOG.slice(0, 6), ...LOG.slice(8)]).bytesSent).toBeUndefined();
  });

  it('leaves a pause of 0, and one that no line tells, unknown', () => {
    const zero = LOG.map((line) => line.replace('downtime 59 ms', 'downtime 0 ms'));
    expect(readMigrationLog(zero).downtimeMs).toBeUndefined();
    // Proxmox writes no such line when the copy took less than a second.
    const quick = LOG.filter((line) => !line.includes('average'));
    expect(readMigrationLog(quick).downtimeMs).toBeUndefined();
    const instant = LOG.map((line) => line.replace('00:00:20', '00:00:00'));
    expect(readMigrationLog(instant).totalTimeMs).toBeUndefined();
  });

  it('reads older versions: plain bytes and MB/s', () => {
    const log = [
      '2019-01-05 10:00:00 start migrate command to unix:/run/qemu-server/100.migrate',
      '2019-01-05 10:00:19 migration status: active (transferred 123456789, remaining 0, total 4312604672)',
      '2019-01-05 10:00:20 migration speed: 1024.00 MB/s - downtime 25 ms',
      '2019-01-05 10:00:20 migration status: completed',
      '2019-01-05 10:00:24 migration finished successfully (duration 01:00:24)',
    ];
    expect(readMigrationLog(log)).toMatchObject({
      bytesSent: 123_456_789,
      downtimeMs: 25,
      totalTimeMs: 3_624_000,
    });
  });

  it('tells the limit that Proxmox raised, the last one', () => {
    const raised = [600, 1_200].map(
      (ms) => `2026-01-05 21:47:50 auto-increased downtime to continue migration: ${ms} ms`,
    );
    expect(readMigrationLog([...LOG.slice(0, 7), ...raised]).raisedLimitMs).toBe(1_200);
  });

  it('keeps the words of what went wrong', () => {
    const log = [
      ...LOG.slice(0, 7),
      '2026-01-05 21:47:50 ERROR: online migrate failure - aborting',
    ];
    expect(readMigrationLog(log)).toMatchObject({ copied: false, errors: [log.at(-1)] });
  });

  it.each([
    ['10.5 GiB', 11_274_289_152],
    ['512.0 KiB', 524_288],
    ['113.7 MiB', 119_223_091],
    ['1.0 TiB', 2 ** 40],
    ['0.0 B', 0],
    ['10.5 GB', undefined],
  ])('reads %s', (text, bytes) => {
    expect(bytesOfSize(text)).toBe(bytes);
  });
});
