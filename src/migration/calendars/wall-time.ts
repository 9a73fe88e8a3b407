// Wall-clock time of a zone and instants: what a clock that jumps means for a calendar.
import { Temporal } from 'temporal-polyfill';
import { DomainError, type EpochMs } from '../../core';

/** "2026-11-01T22:00" or with seconds: a clock on the wall, without a zone. */
export type WallTime = string;

const WALL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;
const ZONED = /(Z|[+-]\d\d:?\d\d)$/;
const MINUTE_NS = 60_000_000_000;

export function isWallTime(text: string): boolean {
  if (!WALL.test(text)) return false;
  try {
    Temporal.PlainDateTime.from(text, { overflow: 'reject' });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/**
 * The instant of a wall-clock time. Where the clock jumps, `reading` decides: 'earlier' and 'later'
 * are the two readings of an hour that happens twice, and the instants before and after the jump by
 * its length of one that never happens. Where it does not jump they are equal.
 */
export function instantOf(wall: WallTime, timeZone: string, reading: 'earlier' | 'later'): EpochMs {
  return Temporal.PlainDateTime.from(wall).toZonedDateTime(timeZone, { disambiguation: reading })
    .epochMilliseconds;
}

/** The wall clock of a zone at an instant, to the second. */
export function wallTimeOf(atMs: EpochMs, timeZone: string): WallTime {
  return Temporal.Instant.fromEpochMilliseconds(atMs)
    .toZonedDateTimeISO(timeZone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' });
}

/** `wall` moved by whole minutes on the wall; jumps of the clock do not count. */
export function movedWall(wall: WallTime, byMinutes: number): WallTime {
  return Temporal.PlainDateTime.from(wall).add({ minutes: byMinutes }).toString();
}

/** Minutes on the wall from one to the other, as if the clock never jumped. */
export function wallMinutes(from: WallTime, to: WallTime): number {
  const [a, b] = [from, to].map((wall) => Temporal.PlainDateTime.from(wall).toZonedDateTime('UTC'));
  return Number(b.epochNanoseconds - a.epochNanoseconds) / MINUTE_NS;
}

/**
 * What an operator wrote as one moment: an ISO 8601 instant, or wall-clock time of `timeZone`.
 * Throws REQUEST_INVALID naming `field` for what is neither, for a time that the clock skips, and
 * for one that it shows twice.
 */
export function momentOf(text: string, timeZone: string, field: string): EpochMs {
  if (ZONED.test(text)) {
    const atMs = Date.parse(text);
    if (!Number.isNaN(atMs)) return atMs;
  }
  if (!isWallTime(text)) {
    const shown = JSON.stringify(text.slice(0, 60));
    throw new DomainError(
      'REQUEST_INVALID',
      `${field} is ${shown}; an instant "2026-11-02T06:00:00Z" or a time "2026-11-02T06:00" of ${timeZone} is accepted`,
      { field },
    );
  }
  const fault = clockFault(text, timeZone);
  if (fault !== undefined) {
    throw new DomainError('REQUEST_INVALID', `${field} is "${text}": ${fault}`, { field });
  }
  return instantOf(text, timeZone, 'earlier');
}

/** Why a wall-clock time is no single moment, and what to write instead; undefined where it is. */
export function clockFault(wall: WallTime, timeZone: string): string | undefined {
  const earlierMs = instantOf(wall, timeZone, 'earlier');
  const laterMs = instantOf(wall, timeZone, 'later');
  if (earlierMs === laterMs) return undefined;
  const [before, after] = [earlierMs, laterMs].map((atMs) => wallTimeOf(atMs, timeZone));
  if (before !== after) {
    return `the clocks of ${timeZone} skip it for daylight saving; write ${before} or ${after}`;
  }
  const [first, second] = [earlierMs, laterMs].map((atMs) => new Date(atMs).toISOString());
  return `the clocks of ${timeZone} show it twice; write ${first} or ${second}`;
}
