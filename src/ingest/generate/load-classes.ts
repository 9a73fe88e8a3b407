// How VMs behave: the classes seen in real traces, with their shares, as functions of the minute.
import { hash32, uniform } from '../../core';

/** cpuPct at a minute since the epoch; may leave the range that is kept. */
export type LoadShape = (minute: number) => number;

interface LoadClass {
  readonly name: string;
  /** Share of the fleet; the shares add up to 1 (Bitbrains Rnd: half nearly idle). */
  readonly share: number;
  readonly shape: (seed: number) => LoadShape;
}

const DAY = 1_440; // minutes
const WEEK = 10_080; // minutes
const MONDAY = 4 * DAY; // 1970-01-01 was a Thursday: day 4 began the first Monday's week

/** Triangular noise in (-1, 1) from one hash. */
function noise(seed: number, minute: number): number {
  const h = hash32(seed, minute);
  return ((h & 0xffff) + (h >>> 16)) / 65_536 - 1;
}

/** A number in [low, high) that belongs to the VM. */
function between(seed: number, field: number, low: number, high: number): number {
  return low + (high - low) * uniform(seed, field, 7);
}

function dayMinute(minute: number): number {
  return minute % DAY;
}

/** 0 = Monday. */
function weekday(minute: number): number {
  return Math.floor(((minute - MONDAY + WEEK) % WEEK) / DAY);
}

/** A smooth hill of height 1 between two minutes of the day. */
function hill(minuteOfDay: number, from: number, to: number): number {
  if (minuteOfDay <= from || minuteOfDay >= to) return 0;
  return Math.sin((Math.PI * (minuteOfDay - from)) / (to - from)) ** 0.6;
}

function idle(seed: number): LoadShape {
  const base = between(seed, 1, 0.2, 2.2);
  return (minute) =>
    base + 0.25 * noise(seed, minute) + (hash32(seed, minute, 3) % 1_900 === 0 ? 8 : 0);
}

function officeHours(seed: number): LoadShape {
  const base = between(seed, 1, 1, 6);
  const height = between(seed, 2, 12, 60);
  const from = Math.round(between(seed, 3, 6.5, 9.5) * 60);
  const to = Math.round(between(seed, 4, 16, 20) * 60);
  return (minute) => {
    const share = weekday(minute) < 5 ? 1 : 0.12;
    return (
      base +
      share * height * hill(dayMinute(minute), from, to) +
      (1 + 0.08 * height) * noise(seed, minute)
    );
  };
}

function weekly(seed: number): LoadShape {
  const base = between(seed, 1, 2, 10);
  const heights = Array.from({ length: 7 }, (_, day) => between(seed, 10 + day, 2, 45));
  return (minute) =>
    base + heights[weekday(minute)] * hill(dayMinute(minute), 240, 1_380) + 2 * noise(seed, minute);
}

function nightlyBatch(seed: number): LoadShape {
  const base = between(seed, 1, 0.5, 5);
  const height = between(seed, 2, 30, 90);
  const start = Math.round(between(seed, 3, 0, 6) * 60);
  const length = Math.round(between(seed, 4, 20, 150));
  return (minute) => {
    const jitter = hash32(seed, Math.floor(minute / DAY), 5) % 7;
    const since = dayMinute(minute) - start - jitter;
    return base + (since >= 0 && since < length ? height : 0) + 0.6 * noise(seed, minute);
  };
}

function squareWave(seed: number): LoadShape {
  const low = between(seed, 1, 1, 8);
  const high = low + between(seed, 2, 15, 70);
  const period = Math.round(between(seed, 3, 2, 16) * 60);
  const on = Math.round(period * between(seed, 4, 0.2, 0.7));
  return (minute) => ((minute + seed) % period < on ? high : low) + noise(seed, minute);
}

function levelShifts(seed: number): LoadShape {
  const span = Math.round(between(seed, 1, 3, 10) * DAY);
  return (minute) => {
    const level = uniform(seed, Math.floor(minute / span), 9);
    return 1 + 55 * level * level + 1.5 * noise(seed, minute);
  };
}

function spikes(seed: number): LoadShape {
  const base = between(seed, 1, 1, 12);
  const every = Math.round(between(seed, 2, 60, 600));
  return (minute) => {
    const hit = hash32(seed, Math.floor(minute / 3), 11) % every === 0;
    return base + (hit ? 40 + 50 * uniform(seed, minute, 12) : 0) + noise(seed, minute);
  };
}

function bursts(seed: number): LoadShape {
  const base = between(seed, 1, 25, 60);
  return (minute) => {
    const burst = hash32(seed, Math.floor(minute / 10), 13) % 40 === 0;
    return (
      base +
      (burst ? 60 + 60 * uniform(seed, Math.floor(minute / 10), 14) : 0) +
      4 * noise(seed, minute)
    );
  };
}

function structureless(seed: number): LoadShape {
  const middle = between(seed, 1, 5, 40);
  return (minute) => {
    const knot = Math.floor(minute / 30);
    const share = (minute % 30) / 30;
    const wander = (1 - share) * noise(seed, knot) + share * noise(seed, knot + 1);
    return middle + 0.7 * middle * wander + 0.2 * middle * noise(seed ^ 0x55, minute);
  };
}

export const CLASSES: readonly LoadClass[] = [
  { name: 'idle', share: 0.5, shape: idle },
  { name: 'office-hours', share: 0.13, shape: officeHours },
  { name: 'weekly', share: 0.06, shape: weekly },
  { name: 'nightly-batch', share: 0.1, shape: nightlyBatch },
  { name: 'square-wave', share: 0.05, shape: squareWave },
  { name: 'level-shifts', share: 0.06, shape: levelShifts },
  { name: 'spikes', share: 0.04, shape: spikes },
  { name: 'bursts', share: 0.02, shape: bursts },
  { name: 'structureless', share: 0.04, shape: structureless },
];

/** Index into CLASSES for a uniform number. */
export function classOf(u: number): number {
  let sum = 0;
  for (let index = 0; index < CLASSES.length; index += 1) {
    sum += CLASSES[index].share;
    if (u < sum) return index;
  }
  return CLASSES.length - 1;
}
