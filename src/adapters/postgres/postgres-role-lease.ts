// Leased roles of several processes: one row each, changed by one conditional statement.
import type { EpochMs } from '../../core';
import { RoleLeases } from '../../predict';
import type { HeldRole, LeasedRole, RoleState } from '../../predict';
import type { Database } from './database';

export class PostgresRoleLeases extends RoleLeases {
  constructor(private readonly database: Database) {
    super();
  }

  override async acquire(
    role: LeasedRole,
    holder: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<HeldRole | undefined> {
    const { rows } = await this.database.withEveryTenant((client) =>
      client.query<{ generation: number }>(
        `INSERT INTO role_lease AS l (role, holder, generation, until_ms)
         VALUES ($1, $2, 1, $3::bigint + $4)
         ON CONFLICT (role) DO UPDATE
           SET holder = $2, generation = l.generation + 1, until_ms = excluded.until_ms
           WHERE l.holder IS NULL OR l.holder = $2 OR l.until_ms <= $3
         RETURNING generation`,
        [role, holder, nowMs, leaseMs],
      ),
    );
    return rows[0] === undefined ? undefined : { role, holder, generation: rows[0].generation };
  }

  override async renew(held: HeldRole, nowMs: EpochMs, leaseMs: number): Promise<boolean> {
    const { rowCount } = await this.database.withEveryTenant((client) =>
      client.query(
        `UPDATE role_lease SET until_ms = $4::bigint + $5
         WHERE role = $1 AND holder = $2 AND generation = $3`,
        [held.role, held.holder, held.generation, nowMs, leaseMs],
      ),
    );
    return rowCount === 1;
  }

  override async release(held: HeldRole): Promise<void> {
    await this.database.withEveryTenant((client) =>
      client.query(
        `UPDATE role_lease SET holder = NULL, until_ms = 0
         WHERE role = $1 AND holder = $2 AND generation = $3`,
        [held.role, held.holder, held.generation],
      ),
    );
  }

  override async states(): Promise<readonly RoleState[]> {
    const { rows } = await this.database.withEveryTenant((client) =>
      client.query<{
        role: LeasedRole;
        holder: string | null;
        generation: number;
        until_ms: number;
      }>(`SELECT role, holder, generation, until_ms FROM role_lease ORDER BY role`),
    );
    return rows.map((row) => ({
      role: row.role,
      ...(row.holder !== null && { holder: row.holder }),
      generation: row.generation,
      untilMs: row.until_ms,
    }));
  }
}
