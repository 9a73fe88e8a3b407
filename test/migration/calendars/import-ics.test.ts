import { calendarSchema, calendarSpans, rulesOfIcs } from '../../../src/migration';

const OPTIONS = { timeZone: 'Europe/Berlin' };

function ics(...events: readonly (readonly string[])[]): string {
  const bodies = events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']);
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', ...bodies, 'END:VCALENDAR'].join('\r\n');
}

describe('an iCalendar file', () => {
  it('gives a rule for each event, its exact length, and its exceptions', () => {
    const text = ics([
      'UID:a',
      'SUMMARY:Nightly batch',
      'DTSTART;TZID=Europe/Berlin:20261101T220000',
      'DTEND;TZID=Europe/Berlin:20261102T060000',
      'RRULE:FREQ=DAILY;UNTIL=20261130T230000Z',
      'EXDATE;TZID=Europe/Berlin:20261103T220000,20261104T220000',
    ]);
    expect(rulesOfIcs(text, OPTIONS)).toEqual([
      {
        start: '2026-11-01T22:00:00',
        durationMinutes: 480,
        rrule: 'FREQ=DAILY;UNTIL=20261130T230000Z',
        except: ['2026-11-03T22:00:00', '2026-11-04T22:00:00'],
        timeZone: 'Europe/Berlin',
        summary: 'Nightly batch',
      },
    ]);
  });

  it('knows whole days, times in UTC, times without a zone, durations, and extra dates', () => {
    const text = ics(
      ['UID:a', 'SUMMARY:Christmas', 'DTSTART;VALUE=DATE:20261224', 'DTEND;VALUE=DATE:20261227'],
      ['UID:b', 'SUMMARY:u', 'DTSTART:20261101T220000Z', 'DURATION:PT1H30M'],
      ['UID:c', 'SUMMARY:f', 'DTSTART:20261101T220000', 'DURATION:PT5M', 'RDATE:20261105T010000'],
    );
    const rules = rulesOfIcs(text, OPTIONS);
    expect(rules).toEqual([
      {
        start: '2026-12-24T00:00:00',
        end: '2026-12-27T00:00:00',
        timeZone: 'Europe/Berlin',
        summary: 'Christmas',
      },
      { start: '2026-11-01T22:00:00', durationMinutes: 90, timeZone: 'UTC', summary: 'u' },
      { start: '2026-11-01T22:00:00', durationMinutes: 5, timeZone: 'Europe/Berlin', summary: 'f' },
      { start: '2026-11-05T01:00:00', durationMinutes: 5, timeZone: 'Europe/Berlin', summary: 'f' },
    ]);
    const parsed = calendarSchema.parse({
      kind: 'blackout',
      ...OPTIONS,
      scope: { level: 'tenant' },
      rules,
    });
    const day = calendarSpans(
      parsed,
      Date.parse('2026-12-01T00:00Z'),
      Date.parse('2027-01-01T00:00Z'),
    );
    expect(day).toEqual([
      { fromMs: Date.parse('2026-12-23T23:00Z'), toMs: Date.parse('2026-12-26T23:00Z') },
    ]);
  });

  it('puts a moved occurrence in the place of the one that it replaces, and drops cancelled ones', () => {
    const series = [
      'UID:a',
      'SUMMARY:s',
      'DTSTART:20261101T010000Z',
      'DURATION:PT1H',
      'RRULE:FREQ=WEEKLY',
    ];
    const moved = [
      'UID:a',
      'SUMMARY:s',
      'RECURRENCE-ID:20261108T010000Z',
      'DTSTART:20261109T030000Z',
      'DURATION:PT1H',
    ];
    const gone = [
      'UID:a',
      'SUMMARY:s',
      'STATUS:CANCELLED',
      'RECURRENCE-ID:20261115T010000Z',
      'DTSTART:20261115T010000Z',
    ];
    const rules = rulesOfIcs(ics(series, moved, gone), OPTIONS);
    expect(rules).toHaveLength(2);
    expect(rules[0].except).toEqual(['2026-11-08T01:00:00', '2026-11-15T01:00:00']);
    expect(rules[1].start).toBe('2026-11-09T03:00:00');
  });

  it('finds the IANA zone at the end of a long name, or by the names that are given', () => {
    const text = ics([
      'UID:a',
      'DTSTART;TZID=W. Europe Standard Time:20261101T220000',
      'DURATION:PT1H',
    ]);
    expect(() => rulesOfIcs(text, OPTIONS)).toThrow(
      "event 'a': TZID 'W. Europe Standard Time' is no IANA zone; say which one it is with zoneNames",
    );
    const zoneNames = { 'W. Europe Standard Time': 'Europe/Paris' };
    expect(rulesOfIcs(text, { ...OPTIONS, zoneNames })[0].timeZone).toBe('Europe/Paris');
    const long = ics([
      'UID:a',
      'DTSTART;TZID=/example.org/Tzfile/America/New_York:20261101T220000',
      'DURATION:PT1H',
    ]);
    expect(rulesOfIcs(long, OPTIONS)[0].timeZone).toBe('America/New_York');
  });

  it.each([
    ['hello', 'invalid'],
    ['BEGIN:VCALENDAR\r\nEND:VCALENDAR', 'it has no VEVENT'],
    [
      ics(['UID:a', 'SUMMARY:x', 'DTSTART:20261101T220000Z']),
      "event 'x': neither DTEND nor DURATION",
    ],
    [
      ics(['UID:a', 'SUMMARY:x', 'DTSTART:20261101T220000Z', 'DTEND:20261101T210000Z']),
      "event 'x': it ends before",
    ],
    [
      ics([
        'UID:a',
        'SUMMARY:x',
        'DTSTART:20261101T220000Z',
        'DURATION:PT1H',
        'RRULE:FREQ=SECONDLY',
      ]),
      "event 'x': RRULE: FREQ is 'SECONDLY'",
    ],
    [ics(['UID:a', 'SUMMARY:x', 'DURATION:PT1H']), "event 'x': DTSTART is missing"],
  ])('that cannot be used is refused by name (%#)', (text, words) => {
    expect(() => rulesOfIcs(text, OPTIONS)).toThrow(words);
  });
});
