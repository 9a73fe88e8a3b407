// How sums become means and means become hours: integers only, so that every path gives equal bits.
import { MISSING_CENTI } from './segment-file';

const BUCKETS_PER_HOUR = 12;
const BUCKETS_PER_HOUR_MIN = 6; // design, section 4

const SLOT_COUNTS = Uint8Array.from({ length: 32 }, (_, slots) => {
  let count = 0;
  for (let rest = slots; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

/** Mean of the known minutes in hundredths, rounded half up; slots is not 0. */
export function meanCentiOf(sumCenti: number, slots: number): number {
  const count = SLOT_COUNTS[slots];
  return Math.floor((2 * sumCenti + count) / (2 * count));
}

/** Means of five-minute buckets [at, at + 12) -> mean of the hour, or MISSING_CENTI below six. */
export function hourMeanCenti(meanCenti: Uint16Array, at: number): number {
  let sum = 0;
  let count = 0;
  for (let bucket = at; bucket < at + BUCKETS_PER_HOUR; bucket += 1) {
    const value = meanCenti[bucket];
    if (value === MISSING_CENTI) continue;
    sum += value;
    count += 1;
  }
  if (count < BUCKETS_PER_HOUR_MIN) return MISSING_CENTI;
  return Math.floor((2 * sum + count) / (2 * count));
}

/** Greatest maximum of the present buckets [at, at + 12); MISSING_CENTI when there is none. */
export function hourMaxCenti(maxCenti: Uint16Array, at: number): number {
  let greatest = -1;
  for (let bucket = at; bucket < at + BUCKETS_PER_HOUR; bucket += 1) {
    const value = maxCenti[bucket];
    if (value !== MISSING_CENTI && value > greatest) greatest = value;
  }
  return greatest < 0 ? MISSING_CENTI : greatest;
}
