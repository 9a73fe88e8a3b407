// `slackwater bench`: the small size of every kernel, and the form of its line.
import { Command } from 'commander';
import { registerBench } from '../../src/app/commands/bench';

async function bench(...args: string[]): Promise<string> {
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  try {
    const program = new Command().exitOverride();
    registerBench(program);
    await program.parseAsync(['bench', ...args], { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return lines.join('');
}

describe('slackwater bench', () => {
  it.each([
    ['arima-css', 'series'],
    ['arima-css-warm', 'series'],
    ['arima-search', 'series'],
    ['boosted-train', 'row and tree'],
    ['boosted-predict', 'row and tree'],
  ])('compares %s with the reference and prints one line', async (kernel, unit) => {
    const line = JSON.parse(await bench(kernel, '--small', '-o', 'json'));
    expect(Object.keys(line)).toEqual([
      'kernel',
      'unit',
      'nsPerUnit',
      'machineShare',
      'backend',
      'isa',
      'n',
      'checksum',
    ]);
    expect(line).toMatchObject({ kernel, unit });
    expect(line.checksum).toMatch(/^[0-9a-f]{16}$/);
  });

  it('prints the cost of a VM and start beside slower ways, and the machine', async () => {
    const line = JSON.parse(await bench('cost', '--small', '-o', 'json'));
    expect(line).toMatchObject({ kernel: 'cost', unit: 'VM and start', n: 19 * 288 });
    expect(line.machine).toMatch(/ x \d+$/);
    expect(Object.keys(line.beside)).toEqual([
      'scalar, one by one',
      'reference',
      'memory in use of none known',
      'memory in use of all known',
      'all known, no load twice',
    ]);
    expect(await bench('cost', '--small', '-o', 'table')).toContain('\nscalar, one by one');
  });

  it('refuses a backend it does not know', async () => {
    await expect(bench('arima-css', '--small', '--backend', 'gpu')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    });
  });
});
