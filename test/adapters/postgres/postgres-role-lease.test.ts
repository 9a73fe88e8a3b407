import { PostgresRoleLeases } from '../../../src/adapters/postgres/postgres-role-lease';
import { roleLeaseConformance } from '../../conformance/role-lease.conformance';
import { openDatabaseLab } from './database-lab';
import type { DatabaseLab } from './database-lab';

let lab: DatabaseLab;
beforeAll(async () => {
  lab = await openDatabaseLab([]);
});
afterAll(async () => lab?.close());

roleLeaseConformance('PostgreSQL', async () => {
  await lab.asOwner('TRUNCATE role_lease');
  const open = (): PostgresRoleLeases => new PostgresRoleLeases(lab.database);
  return { mine: open(), theirs: open(), close: async () => undefined };
});
