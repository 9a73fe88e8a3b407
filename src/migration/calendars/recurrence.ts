// Recurrence rules of RFC 5545: checked strictly, then expanded on the wall clock.
import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { WallTime } from './wall-time';

const FREQUENCIES = ['HOURLY', 'DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const DAY = '(?:[+-]?(?:[1-9]|[1-4]\\d|5[0-3]))?(?:MO|TU|WE|TH|FR|SA|SU)';
const DAYS = new RegExp(`^${DAY}(?:,${DAY})*$`);
const UNTIL = /^\d{8}(T\d{6}Z?)?$/;

/** [least, greatest] of each number of a list; signed: also from the end. */
const LISTS: Readonly<Record<string, { least: number; greatest: number; signed: boolean }>> = {
  BYMONTH: { least: 1, greatest: 12, signed: false },
  BYMONTHDAY: { least: 1, greatest: 31, signed: true },
  BYYEARDAY: { least: 1, greatest: 366, signed: true },
  BYWEEKNO: { least: 1, greatest: 53, signed: true },
  BYSETPOS: { least: 1, greatest: 366, signed: true },
  BYHOUR: { least: 0, greatest: 23, signed: false },
  BYMINUTE: { least: 0, greatest: 59, signed: false },
};

/** What is wrong with a rule ("FREQ=MONTHLY;BYDAY=-1FR"), in words; undefined when nothing is. */
export function recurrenceFault(rule: string): string | undefined {
  const parts = new Map<string, string>();
  for (const part of rule.split(';')) {
    const [name, value = ''] = part.split('=', 2);
    if (parts.has(name)) return `${name} stands twice`;
    const fault = partFault(name, value);
    if (fault !== undefined) return fault;
    parts.set(name, value);
  }
  if (!parts.has('FREQ')) return 'FREQ is missing';
  if (parts.has('COUNT') && parts.has('UNTIL')) return 'COUNT and UNTIL exclude each other';
  return undefined;
}

function partFault(name: string, value: string): string | undefined {
  const accepts = (words: string): string => `${name} is '${value.slice(0, 40)}'; ${words}`;
  const list = LISTS[name];
  if (list !== undefined) {
    const { least, greatest, signed } = list;
    const fits = value.split(',').every((text) => {
      const number = Number(text);
      const size = signed ? Math.abs(number) : number;
      return /^[+-]?\d+$/.test(text) && size >= least && size <= greatest;
    });
    return fits ? undefined : accepts(`${least} to ${greatest} is accepted`);
  }
  if (name === 'FREQ') {
    return FREQUENCIES.includes(value) ? undefined : accepts(`${FREQUENCIES.join(', ')} is`);
  }
  if (name === 'INTERVAL' || name === 'COUNT') {
    return /^[1-9]\d{0,4}$/.test(value) ? undefined : accepts('1 to 99999 is accepted');
  }
  if (name === 'BYDAY') return DAYS.test(value) ? undefined : accepts('MO, 2TU, -1FR are accepted');
  if (name === 'WKST') {
    return /^(MO|TU|WE|TH|FR|SA|SU)$/.test(value) ? undefined : accepts('a day as MO is accepted');
  }
  if (name === 'UNTIL') return UNTIL.test(value) ? undefined : accepts('20261231T235959Z is');
  return `'${name.slice(0, 40)}' is no part of a recurrence rule`;
}

/**
 * Starts in [from, to] on the wall clock, in order. `until` of the rule counts on the wall too.
 * Days that do not exist (30 February) are left out, as the RFC says. The rule has no fault.
 */
export function recurrences(
  start: WallTime,
  rule: string,
  from: WallTime,
  to: WallTime,
): readonly WallTime[] {
  const digits = start.replaceAll(/[-:]/g, '').padEnd(15, '0');
  const text = `DTSTART;TZID=UTC:${digits}\nRRULE:${rule}`; // the wall as if it were UTC
  const expanded = new RRuleTemporal({ rruleString: text, temporal: Temporal });
  return expanded
    .between(new Date(`${from}Z`), new Date(`${to}Z`), true)
    .map((at) => at.toPlainDateTime().toString({ smallestUnit: 'second' }));
}

/** UNTIL of a rule as the wall clock of its zone has it: RFC 5545 writes it in UTC. */
export function withWallUntil(rule: string, wallOf: (atMs: number) => WallTime): string {
  return rule.replace(/UNTIL=([\dTZ]+)/, (_, until: string) => {
    const [year, month, day] = [until.slice(0, 4), until.slice(4, 6), until.slice(6, 8)];
    const time = until.length === 8 ? '235959' : until.slice(9, 15); // a date is the whole day
    const clock = `${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4, 6)}`;
    const written = `${year}-${month}-${day}T${clock}`;
    const wall = until.endsWith('Z') ? wallOf(Date.parse(`${written}Z`)) : written;
    return `UNTIL=${wall.replaceAll(/[-:]/g, '')}Z`;
  });
}
