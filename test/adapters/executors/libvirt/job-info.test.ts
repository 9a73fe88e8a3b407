import { readJobInfo } from '../../../../src/adapters/executors/libvirt/job-info';
import { COMPLETED } from './virsh-lab';

const infoOf = (...changes: readonly (readonly [string, string])[]) =>
  readJobInfo(changes.reduce((text, [from, to]) => text.replace(from, to), COMPLETED));

describe('what domjobinfo prints', () => {
  it('is read in ms and bytes', () => {
    expect(infoOf()).toEqual({
      type: 'Completed',
      operation: 'Incoming migration',
      elapsedMs: 2_315,
      downtimeMs: 63,
      bytesSent: 1_111_322_788,
      iteration: 4,
    });
  });

  it.each([
    ['512.000 KiB', 524_288],
    ['33.500 MiB', 35_127_296],
    ['900.000 B', 900],
    ['1.000 TiB', 2 ** 40],
  ])('counts %s of memory in bytes', (size, bytes) => {
    expect(infoOf(['Memory processed: 1.035 GiB', `Memory processed: ${size}`])?.bytesSent).toBe(
      bytes,
    );
  });

  it('leaves a pause of 0 unknown, and one that no row tells', () => {
    const without = ['Downtime w/o network: 61 ms\n', ''] as const;
    expect(infoOf(['63 ', '0 '], without)?.downtimeMs).toBeUndefined();
    expect(
      infoOf(['Total downtime:   63           ms\n', ''], without)?.downtimeMs,
    ).toBeUndefined();
  });

  it('takes the pause without network where clocks that differ spoil the total', () => {
    expect(infoOf(['63 ', '3600063 '])?.downtimeMs).toBe(61);
    expect(infoOf(['63 ', '3600063 '], ['61 ms', '3600061 ms'])?.downtimeMs).toBeUndefined();
  });

  it('is nothing where it is something else', () => {
    expect(readJobInfo('error: what?')).toBeUndefined();
    expect(readJobInfo('Job type:         None   \n')).toMatchObject({ type: 'None' });
  });
});
