// Ingest, relay, scheduler, and trainer: whoever holds the role does the work, and only one does.
import type { EpochMs } from '../core';

export const LEASED_ROLES = ['ingest', 'relay', 'scheduler', 'trainer'] as const;
export type LeasedRole = (typeof LEASED_ROLES)[number];

/** The right to play a role; `generation` grows with each owner and fences the ones before. */
export interface HeldRole {
  readonly role: LeasedRole;
  readonly holder: string;
  readonly generation: number;
}

export interface RoleState {
  readonly role: LeasedRole;
  /** The last holder; undefined after a release, or when there was none. */
  readonly holder?: string;
  readonly generation: number;
  readonly untilMs: EpochMs;
}

/**
 * Twins: memory (one process) and PostgreSQL. Instants come from the caller's clock: clocks of
 * several machines may differ by less than a lease, and a generation decides where they do not.
 */
export abstract class RoleLeases {
  /**
   * undefined while another holder's lease runs. The same holder gets a new generation: after a
   * restart its former life is fenced.
   */
  abstract acquire(
    role: LeasedRole,
    holder: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<HeldRole | undefined>;

  /** Until nowMs + leaseMs; false when somebody took the role over: stop at once. */
  abstract renew(held: HeldRole, nowMs: EpochMs, leaseMs: number): Promise<boolean>;

  /** Others need not wait for the end of the lease; no error when it was lost before. */
  abstract release(held: HeldRole): Promise<void>;

  /** Roles that were ever held, by name. */
  abstract states(): Promise<readonly RoleState[]>;
}
