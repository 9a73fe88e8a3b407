import fc from 'fast-check';
import { addressKeyOf, checkAddress, signedPath } from '../../../src/app/auth/signed-address';

const KEY = addressKeyOf(undefined, 'token-of-the-operator');
const UNTIL_MS = 1_800_000_000_000;

function signatureOf(claim: Parameters<typeof signedPath>[1], key = KEY): string {
  return new URL(signedPath(key, claim), 'http://h').searchParams.get('signature') as string;
}

describe('signed addresses', () => {
  it('are believed for what they were made of, before their end', () => {
    const claim = { tenantId: 'a', host: 'h 1&x=ä', untilMs: UNTIL_MS };
    const { searchParams } = new URL(signedPath(KEY, claim), 'http://h');
    expect(searchParams.get('host')).toBe('h 1&x=ä');
    expect(() => checkAddress(KEY, claim, signatureOf(claim), UNTIL_MS - 1)).not.toThrow();
    expect(() => checkAddress(KEY, claim, signatureOf(claim), UNTIL_MS)).toThrow(
      'the address ended at 2027-01-15T08:00:00Z',
    );
  });

  it('are refused for any other tenant, host, end, or key', () => {
    const claims = fc.record({
      tenantId: fc.string({ maxLength: 4 }),
      host: fc.option(fc.string({ maxLength: 4 }), { nil: undefined }),
      untilMs: fc.integer({ min: UNTIL_MS, max: UNTIL_MS + 9 }),
    });
    fc.assert(
      fc.property(claims, claims, (made, asked) => {
        const equal = JSON.stringify(made) === JSON.stringify(asked);
        const check = (): void => checkAddress(KEY, asked, signatureOf(made), 0);
        if (equal) check();
        else expect(check).toThrow('the address was changed or signed by another key');
      }),
    );
    const claim = { tenantId: 'a', untilMs: UNTIL_MS };
    const other = addressKeyOf('k'.repeat(32), 'token-of-the-operator');
    expect(() => checkAddress(KEY, claim, signatureOf(claim, other), 0)).toThrow('another key');
    for (const bad of ['', 'x', `${signatureOf(claim)}A`]) {
      expect(() => checkAddress(KEY, claim, bad, 0)).toThrow('another key');
    }
  });
});
