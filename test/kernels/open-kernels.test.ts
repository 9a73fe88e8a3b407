// Which backend answers, and what it says about itself.
import { ISAS, openKernels } from '../../src/kernels';

const NOWHERE = '/nowhere/slackwater.node';

describe('opening the kernels', () => {
  it('serves the reference and says so, with how much slower it is, where no addon is built', () => {
    const report = openKernels('auto', { addonFile: NOWHERE }).report();
    expect(report).toMatchObject({ backend: 'reference', isa: 'reference' });
    expect(report.notice).toMatch(/plain TypeScript kernels serve .* times slower/);
  });

  it('refuses a named backend that is not there', () => {
    expect(() => openKernels('native', { addonFile: NOWHERE })).toThrow(
      expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }),
    );
  });

  it('names backend, instruction set, and reason', () => {
    const report = openKernels('auto').report();
    expect(['reference', ...ISAS]).toContain(report.isa);
    expect(report.reason).toMatch(/^auto: /);
    expect(openKernels('reference').report().notice).toBeUndefined();
  });

  it('pins an instruction set that the CPU has', () => {
    const kernels = openKernels('auto');
    if (kernels.report().backend !== 'native') return;
    expect(openKernels('native', { isa: 'baseline' }).report().isa).toBe('baseline');
  });
});
