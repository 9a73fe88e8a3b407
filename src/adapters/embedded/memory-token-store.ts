// Tokens in memory: for unit tests of the HTTP face.
import { TokenStore, type EpochMs, type TokenRecord } from '../../core';

export class MemoryTokenStore extends TokenStore {
  private readonly tokens = new Map<string, TokenRecord>();

  override add(token: TokenRecord): Promise<void> {
    if (!this.tokens.has(token.hash)) this.tokens.set(token.hash, token);
    return Promise.resolve();
  }

  override find(hash: string): Promise<TokenRecord | undefined> {
    return Promise.resolve(this.tokens.get(hash));
  }

  override list(tenantId: string): Promise<readonly TokenRecord[]> {
    return Promise.resolve([...this.tokens.values()].filter((one) => one.tenantId === tenantId));
  }

  override revoke(tenantId: string, hash: string, nowMs: EpochMs): Promise<void> {
    const token = this.tokens.get(hash);
    if (token?.tenantId === tenantId && token.revokedMs === undefined) {
      this.tokens.set(hash, { ...token, revokedMs: nowMs });
    }
    return Promise.resolve();
  }
}
