// Stored means in the addon: the reference's very bits.
import { hash32 } from '../../src/core';
import { openKernels } from '../../src/kernels';

const native = openKernels('auto').history;
const reference = openKernels('reference').history;

describe('stored means', () => {
  it.each([0, 1, 7, 8, 9, 4_099])(
    'of %i values become the same percent and checksum',
    async (n) => {
      const centi = Uint16Array.from({ length: n }, (_, at) =>
        at % 5 === 3 ? 0xffff : hash32(1, at) % 18_200,
      );
      expect(await native.percent(centi)).toEqual(await reference.percent(centi));
      const bytes = new Uint8Array(centi.buffer).subarray(n > 1 ? 1 : 0);
      expect(await native.crc32c(bytes)).toBe(await reference.crc32c(bytes));
    },
  );

  it('are laid out by row, cut, and shifted alike; a row that nobody asked for goes nowhere', async () => {
    const source = Uint16Array.from({ length: 5 * 24 }, (_, at) => at);
    const rowOf = Int32Array.of(2, -1, 0, 3, -1);
    const shape = { sourceSteps: 24, from: 5, to: 20, targetSteps: 30, column: 9 };
    const [a, b] = [new Uint16Array(4 * 30), new Uint16Array(4 * 30)];
    await native.gather(a, source, rowOf, shape);
    await reference.gather(b, source, rowOf, shape);
    expect(a).toEqual(b);
    expect(a[2 * 30 + 9]).toBe(5);
    const beyond = { ...shape, column: 16 };
    await expect(native.gather(a, source, rowOf, beyond)).rejects.toThrow('do not fit');
  });
});
