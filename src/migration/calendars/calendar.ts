// A calendar of an operator: when VMs may be migrated (allow) or may not (blackout), and which VMs.
import { z } from 'zod';
import { recurrenceFault } from './recurrence';
import { clockFault, isWallTime, wallMinutes } from './wall-time';

const RULES_MAX = 500;
const HOLIDAYS_MAX = 2_000;
const NAMES_MAX = 10_000;
const LENGTH_MINUTES_MAX = 366 * 1_440; // longer than a year is no occurrence but always

const zone = z.string().refine(isZone, 'an IANA time zone is accepted');
const wall = z.string().refine(isWallTime, 'a time "2026-11-01T22:00" is accepted');
const date = z.string().refine((text) => isWallTime(`${text}T00:00`), '"2026-12-24" is accepted');

/** One event, once or recurring, in wall-clock time of its zone. */
const rule = z
  .strictObject({
    start: wall,
    /** On the wall: 22:00 to 06:00 stays so in the nights of daylight saving. */
    end: wall.optional(),
    /** Elapsed; an imported event keeps its exact length. */
    durationMinutes: z.int().min(1).max(LENGTH_MINUTES_MAX).optional(),
    rrule: z.string().max(500).optional(),
    /** Starts that are left out. */
    except: z.array(wall).max(HOLIDAYS_MAX).optional(),
    /** Absent: the calendar's. */
    timeZone: zone.optional(),
    summary: z.string().max(200).optional(),
  })
  .superRefine((one, context) => {
    const fault = ruleFault(one);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

const scope = z.discriminatedUnion('level', [
  z.strictObject({ level: z.literal('tenant') }),
  z.strictObject({
    level: z.enum(['cluster', 'host', 'tag', 'vm']),
    names: z.array(z.string().min(1).max(200)).min(1).max(NAMES_MAX),
  }),
]);

export const calendarSchema = z
  .strictObject({
    kind: z.enum(['allow', 'blackout']),
    timeZone: zone,
    scope,
    rules: z.array(rule).max(RULES_MAX).default([]),
    /** Local days without any migration, whatever the rules say. */
    holidays: z.array(date).max(HOLIDAYS_MAX).default([]),
  })
  .superRefine((calendar, context) => {
    checkMoments(calendar, (message, path) =>
      context.addIssue({ code: 'custom', message, path: [...path] }),
    );
  });

export type Calendar = z.output<typeof calendarSchema>;
export type CalendarRule = Calendar['rules'][number];
export type CalendarScope = Calendar['scope'];

export interface NamedCalendar {
  readonly calendarId: string;
  readonly calendar: Calendar;
}

/** What is known of a VM that a calendar may be about. */
export interface CalendarSubject {
  readonly vmId: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly tags: readonly string[];
}

export function isZone(name: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export function appliesTo({ scope: about }: Calendar, subject: CalendarSubject): boolean {
  if (about.level === 'tenant') return true;
  const names = about.level === 'tag' ? subject.tags : [subjectName(about.level, subject)];
  return names.some((name) => name !== undefined && about.names.includes(name));
}

function subjectName(level: 'cluster' | 'host' | 'vm', subject: CalendarSubject) {
  return level === 'vm' ? subject.vmId : subject[level];
}

function ruleFault(one: z.input<typeof rule>): string | undefined {
  const { start, end, durationMinutes, rrule } = one;
  if ((end === undefined) === (durationMinutes === undefined)) {
    return 'either end or durationMinutes is accepted';
  }
  if (end !== undefined && isWallTime(start) && isWallTime(end)) {
    const minutes = wallMinutes(start, end);
    if (minutes <= 0) return `end ${end} is not after start ${start}`;
    if (minutes > LENGTH_MINUTES_MAX) return `end ${end} is more than a year after start ${start}`;
  }
  const fault = rrule === undefined ? undefined : recurrenceFault(rrule);
  return fault === undefined ? undefined : `rrule: ${fault}`;
}

/** One-off times that the clock skips or shows twice are refused; recurring ones have a rule. */
function checkMoments(
  calendar: { timeZone: string; rules: readonly z.output<typeof rule>[] },
  report: (message: string, path: readonly (string | number)[]) => void,
): void {
  calendar.rules.forEach((one, at) => {
    if (one.rrule !== undefined) return;
    for (const field of ['start', 'end'] as const) {
      const text = one[field];
      if (text === undefined) continue;
      const fault = clockFault(text, one.timeZone ?? calendar.timeZone);
      if (fault !== undefined) report(fault, ['rules', at, field]);
    }
  });
}
