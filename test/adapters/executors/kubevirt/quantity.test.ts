import {
  bytesOfQuantity,
  quantityOfBytes,
} from '../../../../src/adapters/executors/kubevirt/quantity';

describe('Kubernetes quantities', () => {
  it.each([
    ['64Mi', 67_108_864],
    ['64M', 64_000_000],
    ['64m', 0.064],
    ['1Gi', 1_073_741_824],
    ['0', 0],
    ['1.5Ki', 1_536],
    ['2e6', 2_000_000],
    ['2E', 2e18],
    ['125000000', 125_000_000],
  ])('reads %s', (text, bytes) => {
    expect(bytesOfQuantity(text)).toBe(bytes);
  });

  it.each(['', 'Mi', '64MB', '64 Mi', '64mi', 'ten'])('knows that %j is none', (text) => {
    expect(bytesOfQuantity(text)).toBeUndefined();
  });

  it('writes what it reads, to the byte', () => {
    for (const bytes of [1, 1_023, 1_024, 65_536, 125_000_000, 134_217_728, 3 * 2 ** 30]) {
      expect(bytesOfQuantity(quantityOfBytes(bytes))).toBe(bytes);
    }
    expect(quantityOfBytes(134_217_728)).toBe('128Mi');
  });
});
