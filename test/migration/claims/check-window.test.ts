import {
  MemoryClaimStore,
  MemoryFeedStore,
  MemoryWindowStore,
} from '../../../src/adapters/embedded';
import {
  checkWindow,
  claimWindow,
  parseWindowContent,
  startClaim,
  windowDocumentOf,
  type WindowContentDraft,
} from '../../../src/migration';
import { COST } from '../outcomes/outcome-cases';

const MINUTE = 60_000;
const OPENS = 100 * MINUTE;
const NOW = OPENS - 5 * MINUTE;
const ids = { vmId: 'v', rank: 1 };

function draft(later: readonly number[], policy: 'auto' | 'pinned' = 'auto'): WindowContentDraft {
  const window = (rank: number, notBeforeMs: number, mean: number) => ({
    rank,
    notBeforeMs,
    latestStartMs: notBeforeMs + 20 * MINUTE,
    notAfterMs: notBeforeMs + 30 * MINUTE,
    loadPct: { mean, p05: 1, p50: mean, p95: 30 },
    baselineLoadPct: 40,
    cost: COST,
    score: mean,
    confidence: 0.9,
    reasons: ['quiet'],
    advice: { mode: 'pre-copy' as const, cause: '' },
  });
  return {
    tenant: 'north',
    runDate: '1970-01-01',
    vmId: 'v',
    revision: 1,
    cutoffMs: 0,
    expiresMs: 1_440 * MINUTE,
    models: { fiveMinute: 'm', hourly: 'm' },
    policy,
    windows: [
      window(1, OPENS, 10),
      ...later.map((mean, at) => window(at + 2, OPENS + (at + 1) * 60 * MINUTE, mean)),
    ],
  };
}

async function opened(later: readonly number[], policy?: 'auto' | 'pinned') {
  const feed = new MemoryFeedStore();
  const windows = new MemoryWindowStore(feed);
  const document = windowDocumentOf(draft(later, policy));
  await windows.replace('north', document);
  const check = (loads: readonly number[], nowMs = NOW) => {
    const startMs = nowMs - loads.length * 5 * MINUTE;
    const asked = { windowId: document.id, ...ids };
    return checkWindow(windows, 'north', asked, { startMs, values: loads }, nowMs);
  };
  const newest = async () => {
    const found = await windows.document('north', 'v');
    return parseWindowContent(found?.text as string);
  };
  return { feed, windows, document, check, newest };
}

describe('the check of a window on fresh samples', () => {
  it('confirms without a revision what is within the forecast, or no busier than the day', async () => {
    const { check, newest, document } = await opened([12]);
    const told = await check([90, 20, 25, 30]);
    expect(told).toEqual({
      decision: 'confirmed',
      checked: true,
      freshLoadPct: 25,
      reason: 'the load of the last 15 min is 25.0 %, within the forecast (P95 30.0 %)',
      windowId: document.id,
      revision: 1,
    });
    expect((await check([40, 40, 40])).reason).toContain("no more than the day's mean of 40.0 %");
    expect((await newest()).revision).toBe(1);
  });

  it('moves a window that is busier than both to the next, by a higher revision in the feed', async () => {
    const { check, newest, feed } = await opened([12, 14]);
    const told = await check([80, 85, 90]);
    expect(told).toMatchObject({ decision: 'moved', revision: 2, freshLoadPct: 85 });
    expect(told.notBeforeMs).toBe(OPENS + 60 * MINUTE);
    const content = await newest();
    expect(content.id).toBe(told.windowId);
    expect(content.windows.map(({ rank, loadPct }) => [rank, loadPct.mean])).toEqual([
      [1, 12],
      [2, 14],
    ]);
    expect(content.windows[0].reasons).toEqual([
      'quiet',
      "an earlier choice was given up: the load of the last 15 min is 85.0 %, above the forecast (P95 30.0 %) and the day's mean (40.0 %)",
    ]);
    await feed.advance('north', 10);
    expect((await feed.read('north', 0, 10)).map(({ revision }) => revision)).toEqual([1, 2]);
  });

  it('cancels where no window is left, and confirms where the next one promises no less', async () => {
    const alone = await opened([]);
    // Above the day's mean of 40 and P95 of 30, and by more than 5 points.
    expect(await (await opened([])).check([41, 41, 41])).toMatchObject({ decision: 'cancelled' });
    expect(await alone.check([80, 85, 90])).toMatchObject({ decision: 'cancelled', revision: 2 });
    expect(await alone.newest()).toMatchObject({
      windows: [],
      reason: expect.stringMatching(/^cancelled: the load of the last 15 min is 85\.0 %/),
    });
    const worse = await opened([86]);
    expect(await worse.check([80, 85, 90])).toMatchObject({
      decision: 'confirmed',
      reason: expect.stringContaining('but the next window promises 86.0 %'),
    });
  });

  it('leaves a pin of an operator alone, and what it has no fresh samples of', async () => {
    const pinned = await opened([12], 'pinned');
    expect(await pinned.check([99, 99, 99])).toMatchObject({
      decision: 'confirmed',
      checked: false,
      reason: 'an operator pinned it',
    });
    const { check } = await opened([12]);
    const absent = { decision: 'confirmed', checked: false };
    expect(await check([])).toMatchObject(absent);
    expect(await check([99])).toMatchObject(absent);
    expect(await check([99, Number.NaN, Number.NaN])).toMatchObject(absent);
    // Three busy means, then half an hour of nothing.
    const old = [99, 99, 99, ...Array.from({ length: 6 }, () => Number.NaN)];
    expect(await check(old)).toMatchObject(absent);
  });

  it('is refused too early, too late, and of what a higher revision replaced', async () => {
    const { check, document, windows } = await opened([12]);
    const code = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'none',
        (error: { code: string }) => error.code,
      );
    await expect(check([99, 99, 99], OPENS - 16 * MINUTE)).rejects.toThrow(
      'window 1 opens only at 1970-01-01T01:40:00Z; it can be checked from 1970-01-01T01:25:00Z on',
    );
    expect(await code(check([99, 99, 99], OPENS + 20 * MINUTE))).toBe('WINDOW_EXPIRED');
    expect((await check([99, 99, 99])).decision).toBe('moved');
    expect(await code(check([99, 99, 99]))).toBe('WINDOW_SUPERSEDED');
    const asked = { windowId: document.id, vmId: 'v', rank: 7 };
    const series = { startMs: 0, values: [] };
    const other = await windows.document('north', 'v');
    const unknown = { ...asked, windowId: other?.id as string };
    expect(await code(checkWindow(windows, 'north', unknown, series, NOW))).toBe('WINDOW_UNKNOWN');
  });

  it('is decided once when many ask at the same moment', async () => {
    const { check, newest } = await opened([12]);
    const told = await Promise.allSettled(Array.from({ length: 8 }, () => check([99, 99, 99])));
    expect(told.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await newest()).revision).toBe(2);
  });

  it('keeps a claim of the old revision from being started', async () => {
    const { check, windows, document } = await opened([12]);
    const ports = { windows, claims: new MemoryClaimStore() };
    const asked = { windowId: document.id, ...ids, executor: 'e', leaseMs: 30 * MINUTE };
    const claim = await claimWindow(ports, 'north', asked, NOW);
    await check([99, 99, 99]);
    await expect(startClaim(ports, 'north', claim, OPENS)).rejects.toMatchObject({
      code: 'WINDOW_SUPERSEDED',
    });
  });
});
