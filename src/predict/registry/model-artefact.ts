// Files of a version in the object store: written once, checked whenever they are read.
import { createHash } from 'node:crypto';
import { crc32c, DomainError } from '../../core';
import type { ObjectStore } from '../../ingest';
import type { StoredArtefact } from './model-registry';

export type Checksums = Pick<StoredArtefact, 'bytes' | 'crc32c' | 'sha256'>;

export function checksumsOf(bytes: Uint8Array): Checksums {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { bytes: bytes.length, crc32c: crc32c(bytes), sha256 };
}

/** Throws MODEL_STATE_INVALID naming the file when the bytes are not the ones that were told of. */
export function refuseOtherBytes(name: string, bytes: Uint8Array, told: Checksums): void {
  const found = checksumsOf(bytes);
  if (found.bytes === told.bytes && found.crc32c === told.crc32c && found.sha256 === told.sha256) {
    return;
  }
  const message =
    `model file '${name}' has ${found.bytes} bytes with SHA-256 ${found.sha256.slice(0, 12)}; ` +
    `${told.bytes} and ${told.sha256.slice(0, 12)} were told: it was cut or changed`;
  throw new DomainError('MODEL_STATE_INVALID', message, { path: name });
}

export async function putArtefact(
  objects: ObjectStore,
  key: string,
  bytes: Uint8Array,
): Promise<StoredArtefact> {
  await objects.put(key, bytes);
  return { key, ...checksumsOf(bytes) };
}

/** Throws OBJECT_STORE_UNAVAILABLE or MODEL_STATE_INVALID, each naming the key. */
export async function getArtefact(
  objects: ObjectStore,
  artefact: StoredArtefact,
): Promise<Uint8Array> {
  const bytes = await objects.get(artefact.key);
  refuseOtherBytes(artefact.key, bytes, artefact);
  return bytes;
}
