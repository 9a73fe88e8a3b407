// Kubernetes quantities of bytes: '64Mi' is 67,108,864, '64M' is 64,000,000, '64m' is 0.064.

const FACTORS: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};
const QUANTITY = /^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;

/** Undefined where it is no quantity. */
export function bytesOfQuantity(text: string): number | undefined {
  const found = QUANTITY.exec(text);
  if (found === null) return undefined;
  const [, digits, exponent = '', suffix = ''] = found;
  return Number(`${digits}${exponent}`) * FACTORS[suffix];
}

/** Exact: with a binary suffix where it divides, else plain bytes. */
export function quantityOfBytes(bytes: number): string {
  const whole = Math.round(bytes);
  const suffix = ['Gi', 'Mi', 'Ki'].find((name) => whole % FACTORS[name] === 0 && whole > 0);
  return suffix === undefined ? String(whole) : `${whole / FACTORS[suffix]}${suffix}`;
}
