// The operator's token: made once, kept in a 0600 file, hashed in the store.
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCOPES, type EpochMs, type TokenStore } from '../../core';

const TOKEN_BYTES = 32; // 256 bits: cannot be guessed, so a plain hash is enough

export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

export function operatorTokenPath(dataDir: string): string {
  return join(dataDir, 'operator.token');
}

/** The same token at every start, until its file is deleted. */
export async function ensureOperatorToken(
  dataDir: string,
  tenantId: string,
  tokens: TokenStore,
  nowMs: EpochMs,
): Promise<string> {
  const path = operatorTokenPath(dataDir);
  if (!existsSync(path)) {
    writeFileSync(path, `${randomBytes(TOKEN_BYTES).toString('base64url')}\n`, { mode: 0o600 });
  }
  chmodSync(path, 0o600);
  const token = readFileSync(path, 'utf8').trim();
  const hash = hashOfToken(token);
  await tokens.add({ hash, tenantId, label: 'operator', scopes: SCOPES, createdMs: nowMs });
  return token;
}
