import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Database,
  PostgresFeedStore,
  PostgresRollupStore,
  PostgresWindowStore,
} from '../../src/adapters/postgres';
import { ManualClock } from '../../src/core';
import { vmIdAt, type GeneratorSettings } from '../../src/ingest';
import { freshDatabaseUrl } from '../adapters/postgres/database-lab';
import { checkRollups } from './check-rollups';
import { killManyTimes, runChild, type KilledWork } from './killed-work';
import { memoryNightOf } from './memory-night-of';
import { requireBuild } from './processes';

const HOUR_MS = 3_600_000;
const KILLS = 20;
const END_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;

const FAULTY: GeneratorSettings = {
  fleet: {
    seed: 11,
    vmCount: 60,
    faults: { duplicate: 0.02, late: 0.02, outOfOrder: 0.05, nan: 0.01, reset: 0.01, gap: 0.2 },
  },
  startMs: END_MS - 40 * 24 * HOUR_MS,
  endMs: END_MS,
};
const SMALL: GeneratorSettings = { ...FAULTY, startMs: END_MS - 2 * 24 * HOUR_MS };
const CLEAN: GeneratorSettings = {
  fleet: { seed: 12, vmCount: 120 },
  startMs: END_MS - 7 * 24 * HOUR_MS,
  endMs: END_MS,
};

async function newWork(
  work: KilledWork['work'],
  generator: GeneratorSettings,
  defect?: KilledWork['defect'],
): Promise<KilledWork> {
  const objects = mkdtempSync(join(tmpdir(), 'slackwater-kills-'));
  return { work, url: await freshDatabaseUrl(), generator, objects, defect };
}

beforeAll(() => requireBuild());

describe('ingest that is killed 20 times', () => {
  it('stores every sample once, and counts it once', async () => {
    const work = await newWork('ingest', FAULTY);
    const killed = await killManyTimes(work, KILLS, 700);
    expect(killed).toBe(KILLS);
    const database = await Database.open({ url: work.url });
    expect(await checkRollups(new PostgresRollupStore(database, 'north'), FAULTY)).toEqual([]);
    await database.close();
  }, 180_000);

  it('is caught by the checker when its position is durable before its effects', async () => {
    const work = await newWork('ingest', SMALL, 'position-first');
    expect(await runChild(work)).toBe('SIGKILL');
    const { defect: _, ...sound } = work;
    expect(await runChild(sound)).toBe('finished');
    const database = await Database.open({ url: work.url });
    const problems = await checkRollups(new PostgresRollupStore(database, 'north'), SMALL);
    expect(problems.join('\n')).toContain('is missing');
    await database.close();
  }, 60_000);
});

describe('a night that is killed 20 times', () => {
  it('publishes each document once, the bytes of an undisturbed night, and never half of them', async () => {
    const work = await newWork('night', CLEAN);
    expect(await runChild({ ...work, work: 'ingest' })).toBe('finished');
    const database = await Database.open({ url: work.url });
    const watch = watchForHalves(database);
    const killed = await killManyTimes(work, KILLS, 500);
    const halves = await watch.stop();
    expect(killed).toBe(KILLS);
    expect(halves).toEqual([]);
    expect(await publishedTexts(database)).toEqual(
      await memoryNightOf(CLEAN, new ManualClock(END_MS)),
    );
    await database.close();
  }, 240_000);

  it('is caught by the checker when it is published before its last shard', async () => {
    const work = await newWork('night', CLEAN, 'publish-early');
    expect(await runChild({ ...work, work: 'ingest' })).toBe('finished');
    const database = await Database.open({ url: work.url });
    const watch = watchForHalves(database);
    await runChild(work);
    await watch.stop();
    const texts = await publishedTexts(database);
    expect(texts.length).toBeLessThan(CLEAN.fleet.vmCount);
    await database.close();
  }, 60_000);
});

/** Counts of visible documents that were neither none nor all. */
function watchForHalves(database: Database): { stop: () => Promise<readonly number[]> } {
  const halves: number[] = [];
  const stopping = new AbortController();
  const count = async (): Promise<number> =>
    database.withTenant('north', async (client) => {
      const { rows } = await client.query<{ n: number }>(
        'SELECT count(*) AS n FROM window_document JOIN window_night USING (tenant_id, run_id)',
      );
      return rows[0].n;
    });
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      const seen = await count();
      if (seen !== 0 && seen !== CLEAN.fleet.vmCount) halves.push(seen);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      return halves;
    },
  };
}

/** The feed in order; each entry equals the newest document of its VM. */
async function publishedTexts(database: Database): Promise<readonly string[]> {
  const feed = new PostgresFeedStore(database);
  while ((await feed.advance('north', 1_000)) > 0);
  const entries = await feed.read('north', 0, 10_000);
  const windows = new PostgresWindowStore(database);
  for (const entry of entries) {
    expect((await windows.document('north', entry.vmId))?.text).toBe(entry.text);
  }
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(entries.length);
  expect(entries.every((entry) => entry.vmId < vmIdAt(CLEAN.fleet.vmCount))).toBe(true);
  return entries.map((entry) => entry.text);
}
