// The operator's token: made once, kept in a 0600 file, hashed in the store.
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { SCOPES, type EpochMs, type TokenStore } from '../../core';

const TOKEN_BYTES = 32; // 256 bits: cannot be guessed, so a plain hash is enough
const TOKEN = /^[A-Za-z0-9_-]{20,200}$/;

export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function operatorTokenPath(dataDir: string): string {
  return join(dataDir, 'operator.token');
}

/**
 * The same token at every start, until its file is deleted: then a new one, and the old one is
 * revoked. A file that holds no token is replaced.
 */
export async function ensureOperatorToken(
  dataDir: string,
  tenantId: string,
  tokens: TokenStore,
  nowMs: EpochMs,
): Promise<string> {
  const path = operatorTokenPath(dataDir);
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const token = TOKEN.test(kept) ? kept : newToken();
  if (token !== kept) writeToken(path, token);
  chmodSync(path, 0o600);
  const hash = hashOfToken(token);
  const label = `operator of ${hostname()}:${resolve(dataDir)}`; // several main processes may run
  await tokens.add({ hash, tenantId, label, scopes: SCOPES, createdMs: nowMs });
  for (const old of await tokens.list(tenantId)) {
    const replaced = old.label === label && old.hash !== hash && old.revokedMs === undefined;
    if (replaced) await tokens.revoke(tenantId, old.hash, nowMs);
  }
  return token;
}

/** There whole or not at all, and never readable by others. */
function writeToken(path: string, token: string): void {
  const unfinished = `${path}.${process.pid}`;
  const file = openSync(unfinished, 'w', 0o600);
  try {
    writeSync(file, `${token}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(unfinished, path);
}
