// Versions, aliases, and their moves in PostgreSQL: an alias moves by a row that says where from.
import type { PoolClient } from 'pg';
import type { Json } from '../../core';
import {
  aliasMovedAlready,
  ModelRegistry,
  versionUnknown,
  type AliasMove,
  type AliasPlace,
  type ModelAlias,
  type ModelSlot,
  type ModelVersion,
  type VersionQuery,
} from '../../predict';
import type { Database } from './database';

interface VersionRow {
  readonly model_id: string;
  readonly name: string;
  readonly step_sec: number;
  readonly about: Omit<ModelVersion, 'modelId' | 'name' | 'stepSec' | 'createdMs'>;
  readonly created_ms: number;
}

interface AliasRow {
  readonly name: string;
  readonly step_sec: number;
  readonly alias: ModelAlias;
  readonly model_id: string;
}

interface MoveRow {
  readonly name: string;
  readonly step_sec: number;
  readonly alias: ModelAlias;
  readonly kind: AliasMove['kind'];
  readonly from_id: string | null;
  readonly to_id: string | null;
  readonly who: string;
  readonly why: string;
  readonly moved_ms: number;
  readonly gate: Json | null;
}

export class PostgresModelRegistry extends ModelRegistry {
  constructor(private readonly database: Database) {
    super();
  }

  override async add(tenantId: string, version: ModelVersion): Promise<void> {
    const { modelId, name, stepSec, createdMs, ...about } = version;
    await this.database.withTenant(tenantId, (client) =>
      client.query(
        `INSERT INTO model_version (tenant_id, model_id, name, step_sec, about, created_ms)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, model_id) DO NOTHING`,
        [tenantId, modelId, name, stepSec, JSON.stringify(about), createdMs],
      ),
    );
  }

  override versions(
    tenantId: string,
    { modelId, limit, afterId }: VersionQuery,
  ): Promise<readonly ModelVersion[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<VersionRow>(
        `SELECT model_id, name, step_sec, about, created_ms FROM model_version
         WHERE ($1::text IS NULL OR model_id = $1)
           AND ($2::text IS NULL OR (created_ms, model_id) <
             (SELECT created_ms, model_id FROM model_version WHERE model_id = $2))
         ORDER BY created_ms DESC, model_id DESC LIMIT $3`,
        [modelId ?? null, afterId ?? null, limit],
      );
      return rows.map((row) => ({
        ...row.about,
        modelId: row.model_id,
        name: row.name,
        stepSec: row.step_sec,
        createdMs: row.created_ms,
      }));
    });
  }

  override aliases(tenantId: string): Promise<readonly AliasPlace[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<AliasRow>(
        'SELECT name, step_sec, alias, model_id FROM model_alias ORDER BY name, step_sec, alias',
      );
      return rows.map(({ name, step_sec: stepSec, alias, model_id: modelId }) => ({
        name,
        stepSec,
        alias,
        modelId,
      }));
    });
  }

  override async move(tenantId: string, moves: readonly AliasMove[]): Promise<void> {
    await this.database.withTenant(tenantId, async (client) => {
      for (const move of moves) {
        if (!(await moveAlias(client, tenantId, move))) throw aliasMovedAlready(move);
        await keepMove(client, tenantId, move);
      }
    });
  }

  override moves(tenantId: string, slot: ModelSlot): Promise<readonly AliasMove[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<MoveRow>(
        'SELECT * FROM model_move WHERE name = $1 AND step_sec = $2 ORDER BY move',
        [slot.name, slot.stepSec],
      );
      return rows.map(moveOf);
    });
  }
}

/**
 * false when the alias does not stand at `fromId`. Of two transactions the second waits for the first one's
 * row lock or key, and then finds the alias elsewhere.
 */
async function moveAlias(client: PoolClient, tenantId: string, move: AliasMove): Promise<boolean> {
  const { name, stepSec, alias, fromId, toId } = move;
  const slot = [name, stepSec, alias];
  if (toId === undefined) {
    if (fromId === undefined) return !(await stands(client, slot));
    const { rowCount } = await client.query(
      `DELETE FROM model_alias WHERE name = $1 AND step_sec = $2 AND alias = $3 AND model_id = $4`,
      [...slot, fromId],
    );
    return rowCount === 1;
  }
  const { rowCount: known } = await client.query(
    'SELECT 1 FROM model_version WHERE name = $1 AND step_sec = $2 AND model_id = $3',
    [name, stepSec, toId],
  );
  if (known === 0) throw versionUnknown(toId, move);
  if (fromId === undefined) {
    const { rowCount } = await client.query(
      `INSERT INTO model_alias (name, step_sec, alias, model_id, tenant_id)
       VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
      [...slot, toId, tenantId],
    );
    return rowCount === 1;
  }
  const { rowCount } = await client.query(
    `UPDATE model_alias SET model_id = $4
     WHERE name = $1 AND step_sec = $2 AND alias = $3 AND model_id = $5`,
    [...slot, toId, fromId],
  );
  return rowCount === 1;
}

async function stands(client: PoolClient, slot: readonly unknown[]): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT 1 FROM model_alias WHERE name = $1 AND step_sec = $2 AND alias = $3',
    [...slot],
  );
  return rowCount === 1;
}

async function keepMove(client: PoolClient, tenantId: string, move: AliasMove): Promise<void> {
  const { name, stepSec, alias, kind, fromId, toId, who, why, atMs, gate } = move;
  await client.query(
    `INSERT INTO model_move
       (tenant_id, name, step_sec, alias, kind, from_id, to_id, who, why, moved_ms, gate)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tenantId,
      name,
      stepSec,
      alias,
      kind,
      fromId ?? null,
      toId ?? null,
      who,
      why,
      atMs,
      gate === undefined ? null : JSON.stringify(gate),
    ],
  );
}

function moveOf(row: MoveRow): AliasMove {
  return {
    name: row.name,
    stepSec: row.step_sec,
    alias: row.alias,
    kind: row.kind,
    ...(row.from_id !== null && { fromId: row.from_id }),
    ...(row.to_id !== null && { toId: row.to_id }),
    who: row.who,
    why: row.why,
    atMs: row.moved_ms,
    ...(row.gate !== null && { gate: row.gate }),
  };
}
