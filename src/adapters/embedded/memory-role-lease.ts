// Leased roles of one process.
import type { EpochMs } from '../../core';
import { RoleLeases } from '../../predict';
import type { HeldRole, LeasedRole, RoleState } from '../../predict';

export class MemoryRoleLeases extends RoleLeases {
  private readonly rows = new Map<LeasedRole, RoleState>();

  override async acquire(
    role: LeasedRole,
    holder: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<HeldRole | undefined> {
    const row = this.rows.get(role);
    const taken = row?.holder !== undefined && row.holder !== holder && row.untilMs > nowMs;
    if (taken) return undefined;
    const generation = (row?.generation ?? 0) + 1;
    this.rows.set(role, { role, holder, generation, untilMs: nowMs + leaseMs });
    return { role, holder, generation };
  }

  override async renew(held: HeldRole, nowMs: EpochMs, leaseMs: number): Promise<boolean> {
    if (!this.holds(held)) return false;
    this.rows.set(held.role, { ...held, untilMs: nowMs + leaseMs });
    return true;
  }

  override async release(held: HeldRole): Promise<void> {
    if (!this.holds(held)) return;
    this.rows.set(held.role, { role: held.role, generation: held.generation, untilMs: 0 });
  }

  override async states(): Promise<readonly RoleState[]> {
    return [...this.rows.values()].toSorted((a, b) => (a.role < b.role ? -1 : 1));
  }

  private holds(held: HeldRole): boolean {
    const row = this.rows.get(held.role);
    return row?.holder === held.holder && row.generation === held.generation;
  }
}
