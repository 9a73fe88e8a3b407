import { cli, requireBuild } from './processes';

beforeAll(() => requireBuild());

describe('the small benchmarks', () => {
  it.each([
    'decode',
    'rollup',
    'combine',
    'features',
    'rank',
    'cost',
    'arima-css',
    'arima-css-warm',
    'arima-search',
  ])('print one line for %s after comparing it with its reference', (kernel) => {
    const line = JSON.parse(cli(['bench', kernel, '--small', '-o', 'json'])) as {
      kernel: string;
      n: number;
      nsPerUnit: number;
    };
    expect(line.kernel).toBe(kernel);
    expect(line.n).toBeGreaterThan(0);
    expect(line.nsPerUnit).toBeGreaterThan(0);
  });

  it('run a whole night twice with one checksum', () => {
    const night = () =>
      JSON.parse(cli(['bench', 'night', '--small', '-o', 'json'])) as {
        checksum: string;
        rssPeakBytes: number;
        verified: { vms: number; agreeing: number };
        partSeconds: Record<string, number>;
      };
    const [first, second] = [night(), night()];
    expect(first.checksum).toMatch(/^[0-9a-f]{16}$/);
    expect(second.checksum).toBe(first.checksum);
    expect(first.rssPeakBytes).toBeGreaterThan(1e7);
    expect(first.verified).toMatchObject({ vms: 5, agreeing: 1 });
    expect(first.partSeconds['kernels.boosted']).toBeGreaterThan(0);
  });
});
