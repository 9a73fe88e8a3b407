// When calendars let a VM be migrated: their occurrences as instants, and what is left of a span.
import { DAY_MS, MINUTE_MS, type EpochMs } from '../../core';
import {
  appliesTo,
  type Calendar,
  type CalendarRule,
  type CalendarSubject,
  type NamedCalendar,
} from './calendar';
import { recurrences, withWallUntil } from './recurrence';
import { differenceOf, intersectionOf, unionOf, type Span } from './spans';
import { instantOf, movedWall, wallMinutes, wallTimeOf, type WallTime } from './wall-time';

/** A wall clock and its zone's instants differ by less; looked around by it on both sides. */
const ZONE_MARGIN_MS = 2 * DAY_MS;

/**
 * The spans that a calendar names in [fromMs, toMs): those it forbids (blackout) or permits (allow).
 *
 * Where the clock jumps, both readings count against migration: a blackout reaches from the earlier
 * one of its start to the later one of its end, an allowed span from the later to the earlier; one
 * that lies in a skipped hour allows nothing.
 */
export function calendarSpans(calendar: Calendar, fromMs: EpochMs, toMs: EpochMs): readonly Span[] {
  const wide = calendar.kind === 'blackout';
  const spans = unionOf(
    calendar.rules.flatMap((rule) => ruleSpans(rule, calendar.timeZone, wide, fromMs, toMs)),
  );
  const days = unionOf(calendar.holidays.map((day) => daySpan(day, calendar.timeZone)));
  const named = wide ? unionOf([...spans, ...days]) : differenceOf(spans, days);
  return intersectionOf(named, [{ fromMs, toMs }]);
}

/** What is left of [fromMs, toMs) when every calendar about the VM is respected. */
export function allowedSpans(
  calendars: readonly NamedCalendar[],
  subject: CalendarSubject,
  fromMs: EpochMs,
  toMs: EpochMs,
): readonly Span[] {
  return calendarBook(calendars, fromMs, toMs)(subject);
}

/**
 * The same for many VMs: each calendar is expanded once. `receiver`: a host whose own calendars
 * count too, since it receives the VM.
 */
export function calendarBook(
  calendars: readonly NamedCalendar[],
  fromMs: EpochMs,
  toMs: EpochMs,
): (subject: CalendarSubject, receiver?: string) => readonly Span[] {
  const expanded = calendars.map(({ calendar }) => ({
    calendar,
    spans: calendarSpans(calendar, fromMs, toMs),
  }));
  return (subject, receiver) => {
    let left: readonly Span[] = unionOf([{ fromMs, toMs }]);
    for (const { calendar, spans } of expanded) {
      if (!appliesTo(calendar, subject) && !isOfHost(calendar, receiver)) continue;
      left = calendar.kind === 'allow' ? intersectionOf(left, spans) : differenceOf(left, spans);
    }
    return left;
  };
}

function isOfHost({ scope }: Calendar, host: string | undefined): boolean {
  return host !== undefined && scope.level === 'host' && scope.names.includes(host);
}

/** Those that are about the VM, or about the host that receives it. */
export function calendarsOf(
  calendars: readonly NamedCalendar[],
  subject: CalendarSubject,
  receiver?: string,
): readonly NamedCalendar[] {
  return calendars.filter(
    ({ calendar }) => appliesTo(calendar, subject) || isOfHost(calendar, receiver),
  );
}

function ruleSpans(
  rule: CalendarRule,
  calendarZone: string,
  wide: boolean,
  fromMs: EpochMs,
  toMs: EpochMs,
): readonly Span[] {
  const zone = rule.timeZone ?? calendarZone;
  const { durationMinutes: elapsed, end } = rule;
  const onWall = end === undefined ? undefined : wallMinutes(rule.start, end);
  const reachMs = (elapsed ?? onWall ?? 0) * MINUTE_MS + ZONE_MARGIN_MS;
  const startsAt = wide ? 'earlier' : 'later';
  return startsOf(rule, zone, fromMs - reachMs, toMs + ZONE_MARGIN_MS).map((start) => {
    const startMs = instantOf(start, zone, startsAt);
    if (elapsed !== undefined) {
      const lastStartMs = wide ? instantOf(start, zone, 'later') : startMs;
      return { fromMs: startMs, toMs: lastStartMs + elapsed * MINUTE_MS };
    }
    const endWall = movedWall(start, onWall ?? 0);
    return { fromMs: startMs, toMs: instantOf(endWall, zone, wide ? 'later' : 'earlier') };
  });
}

function startsOf(
  rule: CalendarRule,
  zone: string,
  fromMs: EpochMs,
  toMs: EpochMs,
): readonly WallTime[] {
  if (rule.rrule === undefined) return [rule.start];
  const wallOf = (atMs: EpochMs): WallTime => wallTimeOf(atMs, zone);
  const rrule = withWallUntil(rule.rrule, wallOf);
  const found = recurrences(rule.start, rrule, wallOf(fromMs), wallOf(toMs));
  const left = new Set((rule.except ?? []).map(seconds));
  return left.size === 0 ? found : found.filter((start) => !left.has(seconds(start)));
}

function seconds(wall: WallTime): WallTime {
  return wall.padEnd('0000-00-00T00:00:00'.length, ':00');
}

function daySpan(day: string, zone: string): Span {
  const midnight = `${day}T00:00:00`;
  return {
    fromMs: instantOf(midnight, zone, 'earlier'),
    toMs: instantOf(movedWall(midnight, 1_440), zone, 'later'),
  };
}
