import {
  Database,
  PostgresClaimStore,
  PostgresFeedStore,
  PostgresLedger,
  PostgresOutcomeStore,
  PostgresPlanStore,
  PostgresTenants,
  PostgresTokenStore,
  PostgresWindowStore,
} from '../../../src/adapters/postgres';
import { documentBatch } from '../../../src/migration';
import type { RunPlan } from '../../../src/predict';
import { claimStoreConformance } from '../../conformance/claim-store.conformance';
import { outcomeStoreConformance } from '../../conformance/outcome-store.conformance';
import { CLAIM, recordOf } from '../../migration/outcomes/outcome-cases';
import { feedStoreConformance } from '../../conformance/feed-store.conformance';
import { planStoreConformance } from '../../conformance/plan-store.conformance';
import { ledgerConformance } from '../../conformance/ledger.conformance';
import { tokenStoreConformance } from '../../conformance/token-store.conformance';
import { windowStoreConformance } from '../../conformance/window-store.conformance';
import { freshDatabaseUrl } from './database-lab';

const TABLES =
  'window_claim, outcome, plan_record, token, feed_sink, feed_state, feed_entry, outbox, vm_policy, vm_window, window_document, window_shard, window_night, published_run, shard, run_vms, run';

let database: Database;
let url: string;
let runCount = 0;

beforeAll(async () => {
  url = await freshDatabaseUrl();
  database = await Database.open({ url });
  const tenants = new PostgresTenants(url);
  await tenants.ensure({ tenantId: 'north', timeZone: 'UTC' });
  await tenants.ensure({ tenantId: 'south', timeZone: 'UTC' });
  await tenants.close();
});

afterAll(async () => database?.close());

async function empty(): Promise<void> {
  await database.withEveryTenant(async (client) => {
    for (const table of TABLES.split(', ')) await client.query(`DELETE FROM ${table}`);
  });
}

async function stores() {
  await empty();
  return {
    windows: new PostgresWindowStore(database),
    feed: new PostgresFeedStore(database),
    close: async () => undefined,
    newRun: async (tenantId: string) => {
      runCount += 1;
      const { run } = await new PostgresLedger(database).openRun({
        tenantId,
        runDate: `day ${runCount}`,
        again: false,
        plan: { vmCount: 0 } as RunPlan,
        vmIds: [],
        nowMs: 0,
      });
      return run.runId;
    },
  };
}

windowStoreConformance('PostgreSQL', stores);
feedStoreConformance('PostgreSQL', stores);

ledgerConformance('PostgreSQL', async () => {
  const { windows } = await stores();
  return {
    ledger: new PostgresLedger(database),
    publish: (run) => windows.publish(run.tenantId, run.runId, {}, run.startedMs),
    close: async () => undefined,
  };
});

tokenStoreConformance('PostgreSQL', async () => {
  await empty();
  return new PostgresTokenStore(database);
});

planStoreConformance('PostgreSQL', async () => {
  await empty();
  return new PostgresPlanStore(database);
});

claimStoreConformance('PostgreSQL', async () => {
  await empty();
  return new PostgresClaimStore(database);
});

outcomeStoreConformance('PostgreSQL', async () => {
  await empty();
  return new PostgresOutcomeStore(database);
});

describe('a night of 30,000 VMs', () => {
  // A statement that compares every row with every other would not end within this test.
  it('is published in one statement, in the order of vmId, however its shards arrived', async () => {
    const { windows, feed, newRun } = await stores();
    const run = await newRun('north');
    const vmIds = Array.from({ length: 30_000 }, (_, at) => `vm-${String(at).padStart(5, '0')}`);
    for (let shard = 29; shard >= 0; shard -= 1) {
      const documents = vmIds.slice(shard * 1_000, (shard + 1) * 1_000).map((vmId) => ({
        vmId,
        revision: 1,
        id: `${vmId}-1`,
        text: '{}',
      }));
      await windows.stage(run, shard, documentBatch(documents));
    }
    await windows.publish('north', run, {}, 0);
    expect(await feed.advance('north', 40_000)).toBe(30_000);
    const entries = await feed.read('north', 0, 40_000);
    expect(entries.map((entry) => entry.vmId)).toEqual(vmIds);
    expect(entries.at(-1)?.position).toBe(30_000);
  });
});

describe('rows of several tenants in one table', () => {
  it.each([
    'run',
    'shard',
    'vm_window',
    'outbox',
    'feed_entry',
    'vm_policy',
    'token',
    'plan_record',
    'window_claim',
    'outcome',
  ])('are apart in %s, even for a statement without a WHERE', async (table) => {
    await empty();
    const windows = new PostgresWindowStore(database);
    const ledger = new PostgresLedger(database);
    for (const tenantId of ['north', 'south']) {
      const plan = { vmCount: 1 } as RunPlan;
      const { run } = await ledger.openRun({
        tenantId,
        runDate: 'd',
        again: false,
        plan,
        vmIds: ['v'],
        nowMs: 0,
      });
      await ledger.planStage(run.runId, 'prepare', [{ firstVm: 0, vmCount: 1 }]);
      const document = { vmId: 'v', revision: 1, id: `${tenantId}-1`, text: '{}' };
      await windows.replace(tenantId, document);
      await windows.setPolicy(tenantId, 'v', { state: 'auto' });
      await new PostgresPlanStore(database).put(tenantId, 'host', [{ id: 'h', record: {} }]);
      await new PostgresClaimStore(database).add(tenantId, CLAIM, undefined);
      await new PostgresOutcomeStore(database).put(tenantId, recordOf());
      await new PostgresFeedStore(database).advance(tenantId, 10);
      await windows.replace(tenantId, { ...document, revision: 2, id: `${tenantId}-2` });
      const hash = (tenantId === 'north' ? 'a' : 'b').repeat(64);
      await new PostgresTokenStore(database).add({
        hash,
        tenantId,
        label: '',
        scopes: [],
        createdMs: 0,
      });
    }
    const seen = await database.withTenant('north', async (client) => {
      const { rows } = await client.query<{ tenant_id: string }>(`SELECT tenant_id FROM ${table}`);
      return rows.map((row) => row.tenant_id);
    });
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen)).toEqual(new Set(['north']));
  });
});
