// What a night takes over from the one before it.
import { runNight, type Run } from '../../src/predict';
import { documentsOf, END_MS, ingestedNight, type NightLab } from './night-lab';

const DAY_MS = 86_400_000;
const VMS = Array.from({ length: 7 }, (_, at) => `vm-00000${at}`);
const OPTIONS = { workers: 2, worker: { name: 'w' } };

async function nights(
  lab: NightLab,
  nightsAgo: readonly number[],
  shardSizes: readonly number[],
): Promise<readonly Run[]> {
  const runs: Run[] = [];
  for (const [at, ago] of nightsAgo.entries()) {
    const request = { ...lab.request, atMs: END_MS - ago * DAY_MS, shardSize: shardSizes[at] };
    runs.push(await runNight(request, lab.night.ports, OPTIONS));
  }
  return runs;
}

describe('the state of a night', () => {
  it('is taken up by the next one, with the same bytes for any shards of both', async () => {
    const one = await ingestedNight(VMS.length, 9);
    const [before, after] = await nights(one, [1, 0], [3, 3]);
    expect(before.plan.before).toBeUndefined();
    expect(after.plan.before).toEqual({ runId: before.runId, cutoffMs: END_MS - DAY_MS });
    const other = await ingestedNight(VMS.length, 9);
    await nights(other, [1, 0], [2, 7]);
    const texts = await documentsOf(one.night, VMS);
    expect(await documentsOf(other.night, VMS)).toEqual(texts);
    expect(texts.every((text) => text?.includes('"revision":2'))).toBe(true);
  });

  it('is left alone by a night that has other members: all is judged by history', async () => {
    const lab = await ingestedNight(VMS.length, 9);
    const [before] = await nights(lab, [1], [3]);
    const models = { hourly: ['naive', 'seasonal-naive'], fiveMinute: ['naive'] };
    const run = await runNight({ ...lab.request, models }, lab.night.ports, OPTIONS);
    expect(run.plan.before?.runId).toBe(before.runId);
    const fresh = await ingestedNight(VMS.length, 9);
    const expected = await runNight({ ...fresh.request, models }, fresh.night.ports, OPTIONS);
    expect(run.summary).toEqual(expected.summary);
  });

  it('lasts over missed nights, up to seven', async () => {
    const lab = await ingestedNight(VMS.length, 12);
    const [first, late, later] = await nights(lab, [9, 3, 0], [3, 3, 3]);
    expect(late.plan.before?.runId).toBe(first.runId);
    expect(later.plan.before?.runId).toBe(late.runId);
    const alone = await ingestedNight(VMS.length, 12);
    const [old, now] = await nights(alone, [9, 0], [3, 3]);
    expect([old.status, now.plan.before]).toEqual(['published', undefined]);
  });

  it('is that of the night before, not of an earlier attempt of the same night', async () => {
    const lab = await ingestedNight(VMS.length, 9);
    const [before, first] = await nights(lab, [1, 0], [3, 3]);
    const again = await runNight({ ...lab.request, again: true }, lab.night.ports, OPTIONS);
    expect([first.plan.before?.runId, again.plan.before?.runId]).toEqual([
      before.runId,
      before.runId,
    ]);
    expect(again.summary).toEqual(first.summary);
  });
});
