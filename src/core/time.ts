// Instants, half-open buckets named by their start, and local dates.

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const FIVE_MINUTES_MS = 300_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** Start of the bucket [start, start + stepMs) that holds `tsMs`. */
export function bucketStart(tsMs: EpochMs, stepMs: number): EpochMs {
  return Math.floor(tsMs / stepMs) * stepMs;
}

/** The calendar date "YYYY-MM-DD" of an instant in an IANA zone. */
export function localDate(tsMs: EpochMs, timeZone: string): string {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(new Date(tsMs));
  const part = (type: string): string => parts.find((p) => p.type === type)?.value ?? '';
  return `${part('year')}-${part('month')}-${part('day')}`;
}

/** "2013-09-15T22:00:00Z": an instant for people, to the second. */
export function formatInstant(tsMs: EpochMs): string {
  return new Date(tsMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
