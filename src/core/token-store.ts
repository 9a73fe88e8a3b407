// Bearer tokens: only their hashes are kept.
import type { EpochMs } from './time';

export const SCOPES = [
  'read',
  'samples:write',
  'runs:write',
  'policy:write',
  'models:write',
  'feed:read',
  'feed:write',
  'windows:claim',
  'outcomes:write',
  'admin',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface TokenRecord {
  /** Lower-case hex SHA-256 of the token. */
  readonly hash: string;
  readonly tenantId: string;
  readonly label: string;
  readonly scopes: readonly Scope[];
  readonly createdMs: EpochMs;
  readonly revokedMs?: EpochMs;
}

/** Twins: memory and PostgreSQL. */
export abstract class TokenStore {
  /** A second token of the same hash changes nothing. */
  abstract add(token: TokenRecord): Promise<void>;

  /** Of any tenant; revoked ones too. */
  abstract find(hash: string): Promise<TokenRecord | undefined>;

  abstract list(tenantId: string): Promise<readonly TokenRecord[]>;

  /** Revoking twice keeps the first instant. */
  abstract revoke(tenantId: string, hash: string, nowMs: EpochMs): Promise<void>;
}
