import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  allowedSpans,
  calendarSchema,
  calendarSpans,
  differenceOf,
  intersectionOf,
  momentOf,
  refuseContradiction,
  unionOf,
  type Calendar,
  type NamedCalendar,
  type Span,
} from '../../../src/migration';
import { recurrences } from '../../../src/migration/calendars/recurrence';

const at = (text: string): number => Date.parse(text);
const read = (spans: readonly Span[]): string[] =>
  spans.map(({ fromMs, toMs }) =>
    [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(5, 16)).join(' '),
  );

function calendar(given: object): Calendar {
  return calendarSchema.parse({
    kind: 'blackout',
    timeZone: 'Europe/Berlin',
    scope: { level: 'tenant' },
    ...given,
  });
}

function refusal(given: object): string {
  const parsed = calendarSchema.safeParse({
    kind: 'blackout',
    timeZone: 'Europe/Berlin',
    scope: { level: 'tenant' },
    ...given,
  });
  return parsed.success ? 'accepted' : parsed.error.issues[0].message;
}

describe('spans of time', () => {
  const spans = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 12 })))
    .map((pairs) => unionOf(pairs.map(([fromMs, length]) => ({ fromMs, toMs: fromMs + length }))));
  const has = (list: readonly Span[], moment: number): boolean =>
    list.some(({ fromMs, toMs }) => fromMs <= moment && moment < toMs);

  it('are united, intersected, and subtracted moment by moment', () => {
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const [both, either, rest] = [
          intersectionOf(a, b),
          unionOf([...a, ...b]),
          differenceOf(a, b),
        ];
        for (let moment = 0; moment < 60; moment += 1) {
          expect(has(both, moment)).toBe(has(a, moment) && has(b, moment));
          expect(has(either, moment)).toBe(has(a, moment) || has(b, moment));
          expect(has(rest, moment)).toBe(has(a, moment) && !has(b, moment));
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a recurrence rule', () => {
  const golden = JSON.parse(
    readFileSync(join(__dirname, '../../golden/recurrence.json'), 'utf8'),
  ) as { start: string; rrule: string; first: string[] }[];

  it('has the occurrences that python-dateutil 2.9 finds, 80 rules', () => {
    for (const { start, rrule, first } of golden) {
      const found = recurrences(start, rrule, '2026-11-01T00:00:00', '2028-05-31T23:59:59');
      expect([rrule, ...found.slice(0, 12)]).toEqual([rrule, ...first]);
    }
  });

  it.each([
    ['FREQ=FORTNIGHTLY', "rrule: FREQ is 'FORTNIGHTLY'; HOURLY, DAILY, WEEKLY, MONTHLY, YEARLY is"],
    ['FREQ=DAILY;BYMONTH=13', "rrule: BYMONTH is '13'; 1 to 12 is accepted"],
    ['FREQ=DAILY;BYDAYS=MO', "rrule: 'BYDAYS' is no part of a recurrence rule"],
    ['FREQ=DAILY;COUNT=3;UNTIL=20261231', 'rrule: COUNT and UNTIL exclude each other'],
    ['BYDAY=MO', 'rrule: FREQ is missing'],
    ['FREQ=DAILY;FREQ=WEEKLY', 'rrule: FREQ stands twice'],
  ])('%s is refused by name', (rrule, fault) => {
    const rule = { start: '2026-11-01T22:00', end: '2026-11-01T23:00', rrule };
    expect(refusal({ rules: [rule] })).toBe(fault);
  });

  it('that can never occur ends: 31 April, 30 February', () => {
    for (const rrule of [
      'FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4',
      'FREQ=DAILY;BYMONTHDAY=30;BYMONTH=2',
    ]) {
      expect(
        recurrences('2026-01-01T00:00:00', rrule, '2026-01-01T00:00:00', '2030-01-01T00:00:00'),
      ).toEqual([]);
    }
  });

  it('ends at its UNTIL, which is written in UTC', () => {
    const rule = {
      start: '2026-11-01T00:30',
      durationMinutes: 30,
      rrule: 'FREQ=DAILY;UNTIL=20261102T233000Z', // 00:30 of the 3rd in Berlin
    };
    const spans = calendarSpans(
      calendar({ rules: [rule] }),
      at('2026-10-30T00:00Z'),
      at('2026-11-09T00:00Z'),
    );
    expect(read(spans)).toEqual([
      '10-31T23:30 11-01T00:00',
      '11-01T23:30 11-02T00:00',
      '11-02T23:30 11-03T00:00',
    ]);
  });
});

describe('a calendar in the nights of daylight saving', () => {
  const nights = { start: '2026-01-01T22:00', end: '2026-01-02T06:00', rrule: 'FREQ=DAILY' };
  const short = { start: '2026-01-01T02:15', end: '2026-01-01T02:45', rrule: 'FREQ=DAILY' };
  const spring: [number, number] = [at('2027-03-27T12:00Z'), at('2027-03-28T12:00Z')]; // 02:00 -> 03:00
  const autumn: [number, number] = [at('2026-10-24T12:00Z'), at('2026-10-25T12:00Z')]; // 03:00 -> 02:00

  it('keeps 22:00 to 06:00 on the wall: 7 and 9 hours long', () => {
    expect(read(calendarSpans(calendar({ rules: [nights] }), ...spring))).toEqual([
      '03-27T21:00 03-28T04:00',
    ]);
    expect(read(calendarSpans(calendar({ rules: [nights] }), ...autumn))).toEqual([
      '10-24T20:00 10-25T05:00',
    ]);
  });

  it('forbids both readings of an hour that happens twice, and allows neither at its edges', () => {
    expect(read(calendarSpans(calendar({ rules: [short] }), ...autumn))).toEqual([
      '10-25T00:15 10-25T01:45',
    ]);
    expect(calendarSpans(calendar({ kind: 'allow', rules: [short] }), ...autumn)).toEqual([]);
  });

  it('forbids around a skipped half hour, and allows nothing in it', () => {
    expect(read(calendarSpans(calendar({ rules: [short] }), ...spring))).toEqual([
      '03-28T00:15 03-28T01:45',
    ]);
    expect(calendarSpans(calendar({ kind: 'allow', rules: [short] }), ...spring)).toEqual([]);
  });

  it('refuses a single event in the skipped hour, and says what to write', () => {
    const rule = { start: '2027-03-28T02:30', durationMinutes: 60 };
    expect(refusal({ rules: [rule] })).toBe(
      'the clocks of Europe/Berlin skip it for daylight saving; write 2027-03-28T01:30:00 or 2027-03-28T03:30:00',
    );
    const twice = { start: '2026-10-25T02:30', durationMinutes: 60 };
    expect(refusal({ rules: [twice] })).toContain(
      'show it twice; write 2026-10-25T00:30:00.000Z or',
    );
  });

  it('names what is wrong with a moment that is given without a zone', () => {
    expect(momentOf('2027-03-28T03:30', 'Europe/Berlin', 'by')).toBe(at('2027-03-28T01:30Z'));
    expect(momentOf('2027-03-28T03:30+02:00', 'UTC', 'by')).toBe(at('2027-03-28T01:30Z'));
    expect(() => momentOf('2027-03-28T02:30', 'Europe/Berlin', 'by')).toThrow(
      'by is "2027-03-28T02:30": the clocks of Europe/Berlin skip it',
    );
    expect(() => momentOf('soon', 'Europe/Berlin', 'by')).toThrow('by is "soon"; an instant');
  });
});

describe('calendars about a VM', () => {
  const subject = { vmId: 'vm-1', host: 'h-1', cluster: 'c-1', tags: ['db', 'eu'] };
  const from = at('2026-11-02T00:00Z');
  const to = at('2026-11-04T00:00Z');
  const named = (calendarId: string, given: object): NamedCalendar => ({
    calendarId,
    calendar: calendar({ timeZone: 'UTC', ...given }),
  });
  const nightly = { start: '2026-01-01T22:00', end: '2026-01-02T04:00', rrule: 'FREQ=DAILY' };

  it('leave what every allow calendar permits and no blackout or holiday forbids', () => {
    const calendars = [
      named('nights', { kind: 'allow', rules: [nightly], holidays: ['2026-11-03'] }),
      named('backup', {
        rules: [{ start: '2026-01-01T23:00', durationMinutes: 30, rrule: 'FREQ=DAILY' }],
        scope: { level: 'tag', names: ['db'] },
      }),
    ];
    expect(read(allowedSpans(calendars, subject, from, to))).toEqual([
      '11-02T00:00 11-02T04:00',
      '11-02T22:00 11-02T23:00',
      '11-02T23:30 11-03T00:00',
    ]);
    expect(read(allowedSpans(calendars, { ...subject, tags: [] }, from, to))).toContain(
      '11-02T22:00 11-03T00:00',
    );
  });

  it.each([
    [{ level: 'host', names: ['h-1'] }, true],
    [{ level: 'host', names: ['h-2'] }, false],
    [{ level: 'cluster', names: ['c-1'] }, true],
    [{ level: 'vm', names: ['vm-1', 'vm-2'] }, true],
    [{ level: 'tag', names: ['us'] }, false],
    [{ level: 'tenant' }, true],
  ])('of scope %j count: %s', (scope, counts) => {
    const closed = named('x', {
      scope,
      rules: [{ start: '2026-11-01T00:00', durationMinutes: 10_000 }],
    });
    expect(allowedSpans([closed], subject, from, to)).toHaveLength(counts ? 0 : 1);
  });

  it('that leave no moment together are refused, both named', () => {
    const allow = named('nights', { kind: 'allow', rules: [nightly] });
    const blackout = named('batch', {
      rules: [{ start: '2026-01-01T21:00', end: '2026-01-02T05:00', rrule: 'FREQ=DAILY' }],
      scope: { level: 'host', names: ['h-1'] },
    });
    expect(() => refuseContradiction(blackout, [allow], from)).toThrow(
      "calendar 'batch' (blackout) and calendar 'nights' (allow) together leave no moment of the next year",
    );
    const noons = named('noons', {
      kind: 'allow',
      rules: [{ start: '2026-01-01T12:00', durationMinutes: 60, rrule: 'FREQ=DAILY' }],
    });
    expect(() => refuseContradiction(noons, [allow], from)).toThrow('together leave no moment');
    const past = named('past', {
      kind: 'allow',
      rules: [{ start: '2020-01-01T00:00', durationMinutes: 5 }],
    });
    expect(() => refuseContradiction(past, [], from)).toThrow("calendar 'past' allows no moment");
    expect(() =>
      refuseContradiction(
        allow,
        [allow, named('b', { rules: [nightly], scope: { level: 'vm', names: ['v'] } })],
        from,
      ),
    ).toThrow("'b' (blackout)");
    expect(() => refuseContradiction(noons, [blackout], from)).not.toThrow();
  });
});
