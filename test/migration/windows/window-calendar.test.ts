import ICAL from 'ical.js';
import { rulesOfIcs, windowCalendar, type WindowContent } from '../../../src/migration';

const START_MS = Date.parse('2026-03-29T00:30:00Z'); // the clocks of Europe change half an hour later
const HALF_HOUR_MS = 1_800_000;

function contentOf(vmId: string, startMs: number, mode = 'pre-copy'): WindowContent {
  const quantiles = { p50: 80, p95: 130 };
  const load = { mean: 12.34, p05: 1, p50: 11, p95: 30 };
  const cost = {
    totalTimeMs: { p50: 14_000, p95: 20_000 },
    downtimeMs: quantiles,
    bytesSent: { p50: 2.1e9, p95: 3e9 },
    converges: true,
    successProb: 0.99,
    dirtySource: 'prior',
  };
  const window = {
    rank: 1,
    notBeforeMs: startMs,
    latestStartMs: startMs + HALF_HOUR_MS - 20_000,
    notAfterMs: startMs + HALF_HOUR_MS,
    loadPct: load,
    baselineLoadPct: 40,
    cost,
    score: 1,
    confidence: 0.9,
    reasons: ['quiet at this hour; backup at 02:10, avoided'],
    advice: { mode, cause: 'converges' },
  };
  const later = { ...window, rank: 2, notBeforeMs: startMs + 4 * HALF_HOUR_MS };
  return {
    schema: 'lm.windows.v1',
    id: `id-${vmId}`,
    idempotencyKey: `id-${vmId}`,
    tenant: 'acme',
    runDate: '2026-03-28',
    vmId,
    revision: 3,
    cutoffMs: START_MS - HALF_HOUR_MS,
    expiresMs: START_MS + 48 * HALF_HOUR_MS,
    models: { fiveMinute: 'a', hourly: 'b' },
    policy: 'auto',
    windows: [window, later],
  } as WindowContent;
}

function eventsOf(text: string): ICAL.Component[] {
  const parsed = ICAL.parse(text) as unknown as string;
  return new ICAL.Component(parsed).getAllSubcomponents('vevent');
}

describe('windows as a calendar', () => {
  it('has the first window of each VM by start and then id, in UTC, and no other', () => {
    const text = windowCalendar('all', [
      { content: contentOf('b', START_MS) },
      { content: contentOf('c', START_MS - HALF_HOUR_MS) },
      { content: contentOf('a', START_MS) },
    ]);
    const events = eventsOf(text);
    expect(events.map((event) => event.getFirstPropertyValue('summary'))).toEqual([
      'Migrate c: pause 80 ms',
      'Migrate a: pause 80 ms',
      'Migrate b: pause 80 ms',
    ]);
    const [, first] = events;
    expect(text).toContain('DTSTART:20260329T003000Z');
    expect((first.getFirstPropertyValue('dtend') as ICAL.Time).toUnixTime() * 1_000).toBe(
      START_MS + HALF_HOUR_MS,
    );
    expect(String(first.getFirstPropertyValue('uid'))).toBe('2026-03-28.a@acme.slackwater');
    expect(first.getFirstPropertyValue('sequence')).toBe(3);
  });

  it('tells reasons, load, cost, and advice; what is a separator in the format survives', () => {
    const [event] = eventsOf(
      windowCalendar('all', [{ content: contentOf('a', START_MS), host: 'h,1;\\n' }]),
    );
    const description = String(event.getFirstPropertyValue('description'));
    expect(description.split('\n')).toEqual([
      'quiet at this hour; backup at 02:10, avoided',
      'Load 12.3 % (the day: 40.0 %).',
      'Takes 14.0 s (P95 20.0 s), pauses 80 ms (P95 130 ms), sends 2.10 GB; succeeds with 99 %.',
      'Advice: pre-copy (converges). Start by 2026-03-29T00:59:40Z.',
      'Night of 2026-03-28, revision 3.',
    ]);
    expect(event.getFirstPropertyValue('location')).toBe('h,1;\\n');
  });

  it('has no event of a VM without a window or that should not be migrated', () => {
    const none = { ...contentOf('a', START_MS), windows: [] };
    const never = contentOf('b', START_MS, 'do-not-migrate');
    expect(eventsOf(windowCalendar('all', [{ content: none }, { content: never }]))).toEqual([]);
  });

  it('ends lines as RFC 5545 says, at most 75 bytes long, and no name starts another one', () => {
    const name = `Migration windows of host x\r\nBEGIN:VEVENT${'ä'.repeat(60)}`;
    const text = windowCalendar(name, [{ content: contentOf('a', START_MS), host: 'x\r\nA:1' }]);
    const lines = text.split('\r\n');
    expect(lines.at(-1)).toBe('');
    expect(lines.every((line) => !line.includes('\n') && Buffer.byteLength(line) <= 75)).toBe(true);
    expect(lines.filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
    expect(lines).toContain('LOCATION:x A:1');
    expect(text.replaceAll('\r\n', '')).not.toContain('\r');
  });

  it('is read by our own importer as one span an event', () => {
    const text = windowCalendar('all', [{ content: contentOf('a', START_MS) }]);
    expect(rulesOfIcs(text, { timeZone: 'Europe/Berlin' })).toHaveLength(1);
  });
});
