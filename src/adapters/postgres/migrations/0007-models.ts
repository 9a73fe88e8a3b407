// The registry of models of the fleet: versions, where their aliases stand, and every move of them.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { protectTenantTable } from './tenant-table';

export class Models1764000000007 implements MigrationInterface {
  readonly name = 'Models1764000000007';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE model_version (
        tenant_id  text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        model_id   text COLLATE "C" NOT NULL CHECK (model_id ~ '^[0-9a-f]{32}$'),
        name       text COLLATE "C" NOT NULL,
        step_sec   integer NOT NULL,
        about      json NOT NULL, -- the rest of the version: span, seed, code, metrics, artefacts
        created_ms bigint NOT NULL,
        PRIMARY KEY (tenant_id, model_id),
        UNIQUE (tenant_id, name, step_sec, model_id)
      );
      CREATE INDEX model_version_newest ON model_version (tenant_id, created_ms DESC, model_id DESC);
      CREATE TABLE model_alias (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        name      text COLLATE "C" NOT NULL,
        step_sec  integer NOT NULL,
        alias     text COLLATE "C" NOT NULL CHECK (alias IN ('champion', 'challenger')),
        model_id  text COLLATE "C" NOT NULL,
        PRIMARY KEY (tenant_id, name, step_sec, alias),
        FOREIGN KEY (tenant_id, name, step_sec, model_id)
          REFERENCES model_version (tenant_id, name, step_sec, model_id)
      );
      CREATE TABLE model_move (
        tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        move      bigint GENERATED ALWAYS AS IDENTITY,
        name      text COLLATE "C" NOT NULL,
        step_sec  integer NOT NULL,
        alias     text NOT NULL,
        kind      text NOT NULL CHECK (kind IN ('train', 'promote', 'rollback')),
        from_id   text,
        to_id     text,
        who       text NOT NULL,
        why       text NOT NULL,
        moved_ms  bigint NOT NULL,
        gate      json,
        PRIMARY KEY (tenant_id, move)
      );
      CREATE INDEX model_move_by_slot ON model_move (tenant_id, name, step_sec, move);
      CREATE TABLE training_order (
        tenant_id    text NOT NULL REFERENCES tenant ON DELETE CASCADE,
        order_id     text COLLATE "C" NOT NULL,
        about        json NOT NULL, -- models, steps, seed, instant, who, why
        requested_ms bigint NOT NULL,
        state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'failed')),
        attempts     integer NOT NULL DEFAULT 0,
        ended_ms     bigint,
        failure      text,
        results      json,
        PRIMARY KEY (tenant_id, order_id)
      );
      CREATE INDEX training_order_open ON training_order (requested_ms) WHERE state = 'open';
    `);
    for (const table of ['model_version', 'model_alias', 'model_move', 'training_order']) {
      await protectTenantTable(runner, table);
    }
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}
