// The native backends of this machine by instruction set, for suites that compare each with the reference.
import { ISAS, openKernels, type Kernels } from '../../src/kernels';

/** Empty without the addon. */
export function nativeBackends(): readonly (readonly [string, Kernels])[] {
  const { backend, isa } = openKernels('auto').report();
  if (backend !== 'native') return [];
  return ISAS.filter((one) => ISAS.indexOf(one) <= ISAS.indexOf(isa as 'avx512')).map(
    (one) => [one, openKernels('native', { isa: one })] as const,
  );
}
