// Five-minute buckets -> hours, in integers, so that every path gives the same bits.
import { MISSING_CENTI } from './segment-file';

export const BINS_PER_HOUR = 12;
const BINS_MIN = 6; // an hour with fewer known buckets is missing (design, section 4)

/** mean = sum / minutes, rounded half up, in hundredths of a percent. */
export function meanCentiOf(sumCenti: number, minutes: number): number {
  return Math.floor((2 * sumCenti + minutes) / (2 * minutes));
}

/** Mean of the present buckets of one hour, rounded half up; MISSING_CENTI with fewer than 6. */
export function hourCentiOf(bins: Uint16Array, from: number): number {
  let sum = 0;
  let present = 0;
  for (let bin = from; bin < from + BINS_PER_HOUR; bin += 1) {
    if (bins[bin] === MISSING_CENTI) continue;
    sum += bins[bin];
    present += 1;
  }
  return present < BINS_MIN ? MISSING_CENTI : meanCentiOf(sum, present);
}

/** Largest present value of one hour; MISSING_CENTI where the mean is missing. */
export function hourMaxOf(bins: Uint16Array, maxima: Uint16Array, from: number): number {
  if (hourCentiOf(bins, from) === MISSING_CENTI) return MISSING_CENTI;
  let max = 0;
  for (let bin = from; bin < from + BINS_PER_HOUR; bin += 1) {
    if (bins[bin] !== MISSING_CENTI && maxima[bin] > max) max = maxima[bin];
  }
  return max;
}
