// Calendars that leave no moment to migrate: found before they are stored.
import { DAY_MS, DomainError, type EpochMs } from '../../core';
import type { Calendar, CalendarScope, NamedCalendar } from './calendar';
import { calendarSpans } from './calendar-spans';
import { differenceOf, intersectionOf } from './spans';

/** A year: what no year allows is a mistake, not a season. */
const LOOKED_AHEAD_MS = 366 * DAY_MS;

/**
 * Throws CALENDAR_CONTRADICTORY naming both when a calendar, alone or with one other about the same
 * VMs, allows no moment of the next year. Scopes of different levels may share VMs or not; what
 * those leave is told by each plan.
 */
export function refuseContradiction(
  added: NamedCalendar,
  others: readonly NamedCalendar[],
  nowMs: EpochMs,
): void {
  const { calendar, calendarId } = added;
  const untilMs = nowMs + LOOKED_AHEAD_MS;
  const spans = calendarSpans(calendar, nowMs, untilMs);
  const year = [{ fromMs: nowMs, toMs: untilMs }];
  const alone = calendar.kind === 'allow' ? spans : differenceOf(year, spans);
  if (alone.length === 0) {
    const how = calendar.kind === 'allow' ? 'allows no moment' : 'forbids every moment';
    throw contradiction(`calendar '${calendarId}' ${how} of the next year`, calendarId);
  }
  for (const other of others) {
    if (other.calendarId === calendarId) continue;
    if (!shareVms(calendar.scope, other.calendar.scope)) continue;
    if (leavesNothing(calendar, other.calendar, nowMs, untilMs)) {
      throw contradiction(
        `calendar '${calendarId}' (${calendar.kind}) and calendar '${other.calendarId}' ` +
          `(${other.calendar.kind}) together leave no moment of the next year`,
        calendarId,
      );
    }
  }
}

function contradiction(message: string, calendarId: string): DomainError {
  return new DomainError('CALENDAR_CONTRADICTORY', message, { calendarId });
}

/** For certain: one is about all VMs, or both name one of the same level. */
function shareVms(a: CalendarScope, b: CalendarScope): boolean {
  if (a.level === 'tenant' || b.level === 'tenant') return true;
  return a.level === b.level && a.names.some((name) => b.names.includes(name));
}

function leavesNothing(a: Calendar, b: Calendar, fromMs: EpochMs, toMs: EpochMs): boolean {
  const [first, second] = a.kind === 'allow' ? [a, b] : [b, a];
  if (first.kind === 'blackout') return false; // two blackouts: each plan tells what is left
  const allowed = calendarSpans(first, fromMs, toMs);
  const other = calendarSpans(second, fromMs, toMs);
  const left =
    second.kind === 'allow' ? intersectionOf(allowed, other) : differenceOf(allowed, other);
  return left.length === 0;
}
