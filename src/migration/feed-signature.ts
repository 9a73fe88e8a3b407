// Signatures of feed documents: Ed25519 over the document's bytes, the key named by its id.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { DomainError } from '../core';

/** What stands beside a document: in Kafka headers, and in a page of the feed. */
export interface DocumentSignature {
  readonly keyId: string;
  /** base64url, 64 bytes. */
  readonly signature: string;
}

/** RFC 8037; `kid` is the keyId of signatures. */
export interface FeedKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
}

const BLOCK = /-----BEGIN ([A-Z ]+)-----[^]+?-----END \1-----/g;
const MAKE = 'make one with "openssl genpkey -algorithm ed25519"';

/** Signs with one key and tells readers this and older ones, so that keys can be changed. */
export class FeedSigner {
  private constructor(
    private readonly key: KeyObject,
    readonly keys: readonly FeedKey[],
  ) {}

  /**
   * PEM: an Ed25519 private key, then any number of keys (private or public) whose signatures are
   * still around. Throws CONFIG_INVALID naming the block that is none.
   */
  static ofPem(pem: string): FeedSigner {
    const blocks = [...pem.matchAll(BLOCK)].map(([block]) => block);
    if (blocks.length === 0) throw keyFault(`it has no PEM block; ${MAKE}`);
    const [first, ...others] = blocks;
    const key = opened(1, () => createPrivateKey(first), 'private key');
    const older = others.map((block, at) => opened(at + 2, () => createPublicKey(block), 'key'));
    return new FeedSigner(key, [createPublicKey(key), ...older].map(feedKeyOf));
  }

  sign(text: string): DocumentSignature {
    const signature = sign(null, Buffer.from(text), this.key).toString('base64url');
    return { keyId: this.keys[0].kid, signature };
  }
}

/** False when a byte differs; a reader refuses such a document, and one whose key it does not know. */
export function verifyDocument(
  text: string,
  { keyId, signature }: DocumentSignature,
  keys: readonly FeedKey[],
): boolean {
  const found = keys.find(({ kid }) => kid === keyId);
  if (found === undefined) return false;
  const key = createPublicKey({ key: { ...found }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
}

function feedKeyOf(key: KeyObject): FeedKey {
  const der = key.export({ type: 'spki', format: 'der' });
  const kid = createHash('sha256').update(der).digest('hex').slice(0, 16);
  return { kty: 'OKP', crv: 'Ed25519', x: key.export({ format: 'jwk' }).x as string, kid };
}

function opened(at: number, open: () => KeyObject, kind: string): KeyObject {
  let key: KeyObject;
  try {
    key = open();
  } catch (cause) {
    throw keyFault(`block ${at} is no ${kind} that can be read; ${MAKE}`, cause);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  throw keyFault(`block ${at} is a key of ${key.asymmetricKeyType}, not of ed25519; ${MAKE}`);
}

function keyFault(why: string, cause?: unknown): DomainError {
  const message = `FEED_SIGNING_KEY: ${why}`;
  return new DomainError('CONFIG_INVALID', message, { field: 'FEED_SIGNING_KEY' }, { cause });
}
