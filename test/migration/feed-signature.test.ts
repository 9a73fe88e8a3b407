import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { FeedSigner, kafkaEvent, verifyDocument } from '../../src/migration';

function pemOf(kind: 'ed25519' | 'x25519' = 'ed25519'): { priv: string; pub: string } {
  const pair = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('x25519');
  return {
    priv: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    pub: pair.publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
}

describe('signatures of documents', () => {
  const first = pemOf();
  const signer = FeedSigner.ofPem(first.priv);
  const text = '{"vmId":"ä","windows":[]}';

  it('hold for the very bytes, and for no others', () => {
    const signed = signer.sign(text);
    expect(verifyDocument(text, signed, signer.keys)).toBe(true);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      expect(verifyDocument(changed.toString('latin1'), signed, signer.keys)).toBe(false);
    }
    const cut = { ...signed, signature: signed.signature.slice(0, -2) };
    expect(verifyDocument(text, cut, signer.keys)).toBe(false);
  });

  it('are refused when their key is unknown, and hold over a change of keys', () => {
    const signed = signer.sign(text);
    const next = pemOf();
    expect(verifyDocument(text, signed, FeedSigner.ofPem(next.priv).keys)).toBe(false);
    for (const old of [first.pub, first.priv]) {
      const changed = FeedSigner.ofPem(`${next.priv}${old}`);
      expect(verifyDocument(text, signed, changed.keys)).toBe(true);
      const anew = changed.sign(text);
      expect([anew.keyId, anew.keyId === signed.keyId]).toEqual([changed.keys[0].kid, false]);
      expect(verifyDocument(text, anew, changed.keys)).toBe(true);
    }
  });

  it('need a key that is told what is wrong with it', () => {
    const open = (pem: string) => () => FeedSigner.ofPem(pem);
    expect(open('secret')).toThrow('FEED_SIGNING_KEY: it has no PEM block; make one with "openssl');
    expect(open(first.pub)).toThrow('block 1 is no private key that can be read');
    expect(open(pemOf('x25519').priv)).toThrow('block 1 is a key of x25519, not of ed25519');
    expect(open(`${first.priv}${pemOf('x25519').pub}`)).toThrow('block 2 is a key of x25519');
  });

  it('take the key that the named command makes', () => {
    const pem = execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519'], { stdio: 'pipe' });
    expect(FeedSigner.ofPem(pem.toString()).keys).toHaveLength(1);
  });

  it('stand in the headers of a Kafka event, beside its bytes', () => {
    const event = { position: 1, id: 'e', vmId: 'v', text };
    const { headers, value } = kafkaEvent('north', event, 'lm.outcomes.v1', signer);
    expect(headers.ce_type).toBe('lm.outcomes.v1');
    expect(headers).not.toHaveProperty('ce_revision');
    const signed = {
      keyId: headers['slackwater-key'],
      signature: headers['slackwater-signature'],
    };
    expect(verifyDocument(value, signed, signer.keys)).toBe(true);
    expect(kafkaEvent('north', event).headers).not.toHaveProperty('slackwater-key');
  });
});
