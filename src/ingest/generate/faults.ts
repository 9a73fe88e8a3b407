// What goes wrong on the way, on request: pure functions too, so that a checker knows every fault.
import { DomainError, uniform } from '../../core';

/** Shares of samples, 0 to 1, by kind of fault. */
export interface Faults {
  readonly duplicate: number;
  /** Arrives 17 minutes later: its bucket is sealed by then. */
  readonly late: number;
  /** Arrives one minute later: inside the grace. */
  readonly outOfOrder: number;
  readonly nan: number;
  /** A counter reset: the rate comes out negative. */
  readonly reset: number;
  /** Share of VM-days that have a hole of some hours. */
  readonly gap: number;
}

export const LATE_MINUTES = 17;
export const OUT_OF_ORDER_MINUTES = 1;
export const NO_FAULTS: Faults = { duplicate: 0, late: 0, outOfOrder: 0, nan: 0, reset: 0, gap: 0 };
const DAY = 1_440; // minutes

export type Arrival = 'on-time' | 'out-of-order' | 'late';

/** "duplicate=.01,late=.02" -> Faults; throws REQUEST_INVALID naming the kind or share. */
export function parseFaults(text: string): Faults {
  const faults: Record<string, number> = { ...NO_FAULTS };
  for (const part of text.split(',').filter((item) => item !== '')) {
    const [kind, share] = part.split('=');
    if (!(kind in NO_FAULTS)) {
      const kinds = Object.keys(NO_FAULTS).join(', ');
      throw new DomainError('REQUEST_INVALID', `fault '${kind}' is unknown; there are ${kinds}`);
    }
    const value = Number(share);
    if (!(value >= 0 && value <= 1)) {
      throw new DomainError(
        'REQUEST_INVALID',
        `fault ${kind} has the share '${share}'; 0 to 1 is accepted`,
      );
    }
    faults[kind] = value;
  }
  return { ...NO_FAULTS, ...faults };
}

export function arrivalOf(faults: Faults, seed: number, vm: number, minute: number): Arrival {
  const u = uniform(seed ^ 0x1a7e, vm, minute);
  if (u < faults.late) return 'late';
  return u < faults.late + faults.outOfOrder ? 'out-of-order' : 'on-time';
}

export function isDuplicated(faults: Faults, seed: number, vm: number, minute: number): boolean {
  return faults.duplicate > 0 && uniform(seed ^ 0xd0b1, vm, minute) < faults.duplicate;
}

/** The value as it arrives: NaN, negative after a reset, or true. */
export function faultyPct(
  faults: Faults,
  seed: number,
  vm: number,
  minute: number,
  truePct: number,
): number {
  const u = uniform(seed ^ 0xbad, vm, minute);
  if (u < faults.nan) return Number.NaN;
  return u < faults.nan + faults.reset ? -truePct - 1 : truePct;
}

/** true where the VM sends nothing: 2 to 9 hours of some days. */
export function isInGap(faults: Faults, seed: number, vm: number, minute: number): boolean {
  if (faults.gap === 0) return false;
  const day = Math.floor(minute / DAY);
  if (uniform(seed ^ 0x6a9, vm, day) >= faults.gap) return false;
  const start = Math.floor(uniform(seed ^ 0x6aa, vm, day) * 900);
  const length = 120 + Math.floor(uniform(seed ^ 0x6ab, vm, day) * 420);
  const at = minute % DAY;
  return at >= start && at < start + length;
}
