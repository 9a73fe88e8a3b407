import { PostgresModelRegistry, PostgresTrainingOrders } from '../../../src/adapters/postgres';
import { modelRegistryConformance, versionOf } from '../../conformance/model-registry.conformance';
import { orderOf, trainingOrdersConformance } from '../../conformance/training-orders.conformance';
import { openDatabaseLab, type DatabaseLab } from './database-lab';

const TABLES = ['model_move', 'model_alias', 'model_version', 'training_order'];

let lab: DatabaseLab;

beforeAll(async () => {
  lab = await openDatabaseLab(['north', 'south']);
});

afterAll(async () => lab?.close());

async function emptied() {
  for (const table of TABLES) await lab.asOwner(`DELETE FROM ${table}`);
  return {
    registry: new PostgresModelRegistry(lab.database),
    orders: new PostgresTrainingOrders(lab.database),
  };
}

modelRegistryConformance('PostgreSQL', async () => (await emptied()).registry);
trainingOrdersConformance('PostgreSQL', async () => (await emptied()).orders);

describe('models of several tenants in one table', () => {
  it.each(TABLES)('are apart in %s, even for a statement without a WHERE', async (table) => {
    const { registry, orders } = await emptied();
    const id = 'a'.repeat(32);
    for (const tenantId of ['north', 'south']) {
      await registry.add(tenantId, versionOf(id, 1));
      const about = { name: 'boosted', stepSec: 3_600, alias: 'champion' } as const;
      const told = { kind: 'promote', who: 'operator', why: '', atMs: 1 } as const;
      await registry.move(tenantId, [{ ...about, ...told, toId: id }]);
      await orders.add(tenantId, orderOf('o', 1));
    }
    const seen = await lab.database.withTenant('north', async (client) => {
      const { rows } = await client.query<{ tenant_id: string }>(`SELECT tenant_id FROM ${table}`);
      return rows.map((row) => row.tenant_id);
    });
    expect(seen).toEqual(['north']);
  });
});
