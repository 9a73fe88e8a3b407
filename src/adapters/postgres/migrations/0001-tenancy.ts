// Roles, tenants, VMs, roll-ups, and role leases.
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { grantTable, protectTenantTable } from './tenant-table';

export class Tenancy1764000000001 implements MigrationInterface {
  readonly name = 'Tenancy1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await makeRole(runner, 'slackwater_service');
    await makeRole(runner, 'slackwater_system');
    await runner.query(TENANT_AND_VM);
    await runner.query(INGEST);
    await runner.query(ROLE_LEASE);
    for (const table of TENANT_TABLES) await protectTenantTable(runner, table);
    await grantTable(runner, 'role_lease');
  }

  /** There is no way back: restore the backup taken before the upgrade. */
  async down(): Promise<void> {
    throw new Error('schema changes are not undone; restore the backup');
  }
}

/** Roles belong to the server, not to one database: another database may have made them. */
async function makeRole(runner: QueryRunner, role: string): Promise<void> {
  await runner.query(`
    DO $$ BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
        CREATE ROLE ${role} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    DO $$ BEGIN
      GRANT ${role} TO CURRENT_USER;
    EXCEPTION WHEN insufficient_privilege THEN
      -- An administrator made the roles and this user a member.
      IF NOT pg_has_role(CURRENT_USER, '${role}', 'MEMBER') THEN RAISE; END IF;
    END $$;
    GRANT USAGE ON SCHEMA public TO ${role};
  `);
}

const TENANT_TABLES = [
  'tenant',
  'vm',
  'ingest_partition',
  'sealed_block',
  'open_block',
  'quarantine',
  'segment',
] as const;

const TENANT_AND_VM = `
  CREATE TABLE tenant (
    tenant_id  text PRIMARY KEY CHECK (tenant_id ~ '^[A-Za-z0-9._-]{1,100}$'),
    time_zone  text NOT NULL DEFAULT 'UTC',
    vm_count   integer NOT NULL DEFAULT 0 -- next free vm_index; its row lock orders allocation
  );
  CREATE TABLE vm (
    tenant_id    text NOT NULL REFERENCES tenant ON DELETE CASCADE,
    vm_index     integer NOT NULL,
    vm_id        text COLLATE "C" NOT NULL,
    life         integer NOT NULL DEFAULT 1,
    host         text,
    cluster      text,
    vcpus        double precision,
    memory_bytes bigint,
    owner        text,
    PRIMARY KEY (tenant_id, vm_index),
    UNIQUE (tenant_id, vm_id, life)
  );
`;

const INGEST = `
  CREATE TABLE ingest_partition (
    tenant_id    text NOT NULL REFERENCES tenant ON DELETE CASCADE,
    source       text NOT NULL,
    partition    integer NOT NULL,
    generation   integer NOT NULL DEFAULT 0,
    next_offset  bigint NOT NULL DEFAULT 0,
    watermark_ms bigint,
    received     bigint NOT NULL DEFAULT 0,
    stored       bigint NOT NULL DEFAULT 0,
    duplicate    bigint NOT NULL DEFAULT 0,
    quarantined  bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, source, partition)
  );
  -- columns: vmIndex u32, sumCenti u32, maxCenti u16, slots u8, one after the other, little-endian.
  CREATE TABLE sealed_block (
    tenant_id text NOT NULL REFERENCES tenant ON DELETE CASCADE,
    start_ms  bigint NOT NULL,
    source    text NOT NULL,
    partition integer NOT NULL,
    version   integer NOT NULL,
    row_count integer NOT NULL,
    columns   bytea NOT NULL,
    PRIMARY KEY (tenant_id, start_ms, source, partition)
  );
  ALTER TABLE sealed_block ALTER COLUMN columns SET STORAGE EXTERNAL; -- bits do not compress
  -- Buckets that were open at next_offset: a new owner goes on from here, not from older log.
  CREATE TABLE open_block (LIKE sealed_block INCLUDING ALL);
  ALTER TABLE open_block ADD FOREIGN KEY (tenant_id) REFERENCES tenant ON DELETE CASCADE;
  CREATE TABLE quarantine (
    tenant_id     text NOT NULL REFERENCES tenant ON DELETE CASCADE,
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY,
    source        text NOT NULL,
    partition     integer NOT NULL,
    source_offset bigint NOT NULL,
    reason        text NOT NULL,
    head          bytea NOT NULL,
    sample_count  integer NOT NULL,
    PRIMARY KEY (tenant_id, quarantine_id)
  );
  CREATE TABLE segment (
    tenant_id      text NOT NULL REFERENCES tenant ON DELETE CASCADE,
    key            text COLLATE "C" NOT NULL,
    day_ms         bigint NOT NULL,
    step_ms        integer NOT NULL,
    first_vm_index integer NOT NULL,
    vm_count       integer NOT NULL,
    version        integer NOT NULL,
    crc32c         bigint NOT NULL,
    bytes          bigint NOT NULL,
    PRIMARY KEY (tenant_id, key)
  );
  CREATE INDEX segment_by_day ON segment (tenant_id, step_ms, day_ms);
`;

const ROLE_LEASE = `
  CREATE TABLE role_lease (
    role       text PRIMARY KEY,
    holder     text,
    generation integer NOT NULL DEFAULT 0,
    until_ms   bigint NOT NULL DEFAULT 0
  );
`;
