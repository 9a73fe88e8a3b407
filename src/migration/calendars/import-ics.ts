// Events of an iCalendar file (RFC 5545) as rules of a calendar.
import ICAL from 'ical.js';
import { DomainError } from '../../core';
import { isZone, type CalendarRule } from './calendar';
import { recurrenceFault } from './recurrence';
import { movedWall, wallMinutes, type WallTime } from './wall-time';

export interface IcsOptions {
  /** For times without a zone and whole days. */
  readonly timeZone: string;
  /** IANA zones of names that the file has of its own ("W. Europe Standard Time"). */
  readonly zoneNames?: Readonly<Record<string, string>>;
}

const DAY_MINUTES = 1_440;
const TEXT_MAX = 4_000_000;

/**
 * One rule for each event, moved occurrence, and extra date; cancelled events are left out. An
 * event's length is exact where DTEND gives it, as the RFC says. Throws INPUT_UNREADABLE naming the
 * event and what of it is not understood: nothing is left out in silence.
 */
export function rulesOfIcs(text: string, options: IcsOptions): readonly CalendarRule[] {
  if (text.length > TEXT_MAX) throw unreadable(`it has more than ${TEXT_MAX} characters`);
  const events = componentOf(text).getAllSubcomponents('vevent');
  if (events.length === 0) throw unreadable('it has no VEVENT');
  const moved = movedStarts(events, options);
  return events.flatMap((event) => rulesOfEvent(event, options, moved));
}

function componentOf(text: string): ICAL.Component {
  try {
    const parsed = ICAL.parse(text) as unknown as string[] | string[][];
    const first = Array.isArray(parsed[0]) ? parsed[0] : parsed;
    const component = new ICAL.Component(first as unknown as string);
    if (component.name !== 'vcalendar') throw unreadable(`it is a ${component.name}`);
    return component;
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    throw unreadable((cause as Error).message, cause);
  }
}

/** Of each recurring event (by UID): starts that another VEVENT of the file moves or cancels. */
function movedStarts(
  events: readonly ICAL.Component[],
  options: IcsOptions,
): ReadonlyMap<string, readonly WallTime[]> {
  const moved = new Map<string, WallTime[]>();
  for (const event of events) {
    const original = event.getFirstProperty('recurrence-id');
    if (original === null) continue;
    const uid = String(event.getFirstPropertyValue('uid'));
    moved.set(uid, [...(moved.get(uid) ?? []), ...timesOf(event, original, options).walls]);
  }
  return moved;
}

function rulesOfEvent(
  event: ICAL.Component,
  options: IcsOptions,
  moved: ReadonlyMap<string, readonly WallTime[]>,
): readonly CalendarRule[] {
  if (String(event.getFirstPropertyValue('status')).toUpperCase() === 'CANCELLED') return [];
  if (event.getFirstProperty('exrule') !== null) throw faulty(event, 'EXRULE is not understood');
  const property = event.getFirstProperty('dtstart');
  if (property === null) throw faulty(event, 'DTSTART is missing');
  const { walls, zone, wholeDay } = timesOf(event, property, options);
  const [start] = walls;
  const length = lengthOf(event, start, zone, wholeDay, options);
  const common = { ...length, timeZone: zone, summary: nameOf(event) };
  const rules = event.getAllProperties('rrule').map((one) => String(one.getFirstValue()));
  const extra = event
    .getAllProperties('rdate')
    .flatMap((one) => timesOf(event, one, options).walls)
    .map((wall) => ({ start: wall, ...movedLength(common, start, wall) }));
  if (rules.length > 1) throw faulty(event, 'it has two RRULE');
  if (rules.length === 0) return [{ start, ...common }, ...extra];
  const fault = recurrenceFault(rules[0]);
  if (fault !== undefined) throw faulty(event, `RRULE: ${fault}`);
  const uid = String(event.getFirstPropertyValue('uid'));
  const left = event
    .getAllProperties('exdate')
    .flatMap((one) => timesOf(event, one, options).walls);
  const isSeries = event.getFirstProperty('recurrence-id') === null;
  const except = [...left, ...(isSeries ? (moved.get(uid) ?? []) : [])];
  return [{ start, ...common, rrule: rules[0], except }, ...extra];
}

type Length = Pick<CalendarRule, 'end' | 'durationMinutes'>;

/** `end` of an extra date: as far from its start as the event's own. */
function movedLength<T extends Length>(of: T, start: WallTime, to: WallTime): T {
  if (of.end === undefined) return of;
  return { ...of, end: movedWall(to, wallMinutes(start, of.end)) };
}

/** Whole days end on the wall, everything else is elapsed. */
function lengthOf(
  event: ICAL.Component,
  start: WallTime,
  zone: string,
  wholeDay: boolean,
  options: IcsOptions,
): Length {
  const end = event.getFirstProperty('dtend');
  const duration = event.getFirstPropertyValue('duration') as ICAL.Duration | null;
  if (end !== null) {
    const ends = timesOf(event, end, options);
    if (wholeDay) return { end: ends.walls[0] };
    if (ends.zone !== zone) throw faulty(event, `DTSTART is in ${zone}, DTEND in ${ends.zone}`);
    return { durationMinutes: positive(event, wallMinutes(start, ends.walls[0])) };
  }
  if (duration !== null) {
    const seconds = duration.toSeconds();
    if (wholeDay) return { end: movedWall(start, seconds / 60) };
    return { durationMinutes: positive(event, seconds / 60) };
  }
  if (wholeDay) return { end: movedWall(start, DAY_MINUTES) };
  throw faulty(event, 'neither DTEND nor DURATION says how long it is');
}

function positive(event: ICAL.Component, minutes: number): number {
  if (minutes > 0) return Math.ceil(minutes);
  throw faulty(event, 'it ends before it begins');
}

interface Times {
  readonly walls: readonly WallTime[];
  readonly zone: string;
  readonly wholeDay: boolean;
}

function timesOf(event: ICAL.Component, property: ICAL.Property, options: IcsOptions): Times {
  const values = property.getValues() as unknown[];
  if (!values.every((value) => value instanceof ICAL.Time)) {
    throw faulty(event, `${property.name.toUpperCase()} has values that are no times`);
  }
  const times = values as ICAL.Time[];
  const utc = times.some((time) => time.zone === ICAL.Timezone.utcTimezone);
  const tzid = property.getParameter('tzid');
  const zone = utc ? 'UTC' : zoneOf(event, typeof tzid === 'string' ? tzid : undefined, options);
  const walls = times.map((time) =>
    time.isDate ? `${time.toString()}T00:00:00` : time.toString().replace(/Z$/, ''),
  );
  return { walls, zone, wholeDay: times[0].isDate };
}

/** IANA names also stand at the end of "/freeassociation.sourceforge.net/Europe/Berlin". */
function zoneOf(event: ICAL.Component, tzid: string | undefined, options: IcsOptions): string {
  if (tzid === undefined) return options.timeZone;
  const given = options.zoneNames?.[tzid];
  const parts = tzid.split('/');
  const tails = parts.map((_, at) => parts.slice(at).join('/'));
  const found = [given, ...tails].find((name) => name !== undefined && isZone(name));
  if (found !== undefined) return found;
  throw faulty(
    event,
    `TZID '${tzid}' is no IANA zone; say which one it is with zoneNames {"${tzid}":"Europe/Berlin"}`,
  );
}

function nameOf(event: ICAL.Component): string {
  const summary = event.getFirstPropertyValue('summary') ?? event.getFirstPropertyValue('uid');
  return String(summary ?? 'an event without a name').slice(0, 200);
}

function faulty(event: ICAL.Component, what: string): DomainError {
  return unreadable(`event '${nameOf(event)}': ${what}`);
}

function unreadable(what: string, cause?: unknown): DomainError {
  return new DomainError(
    'INPUT_UNREADABLE',
    `the iCalendar text is not usable: ${what}`,
    {},
    { cause },
  );
}
