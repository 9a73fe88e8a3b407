// Classes of VMs by what they did in the history: errors of a fleet hide in its mean.
import { seriesAt, type SeriesBatch } from '../../core';

/** Upper bounds of the mean load, cpuPct. A quarter of a cloud's VMs does next to nothing. */
const LOADS = [
  { name: 'idle', below: 2 },
  { name: 'low', below: 10 },
  { name: 'middle', below: 40 },
  { name: 'high', below: Number.POSITIVE_INFINITY },
] as const;
const SPARSE = 'sparse';
const KNOWN_SHARE_MIN = 0.5;

export const VM_CLASSES: readonly { readonly name: string; readonly rule: string }[] = [
  { name: 'idle', rule: 'mean load below 2 %' },
  { name: 'low', rule: 'mean load from 2 % to below 10 %' },
  { name: 'middle', rule: 'mean load from 10 % to below 40 %' },
  { name: 'high', rule: 'mean load of 40 % and more' },
  { name: SPARSE, rule: 'less than half of its values are known' },
];

/** By row of the history. O(cells). */
export function vmClasses(history: SeriesBatch): readonly string[] {
  return Array.from({ length: history.seriesCount }, (_, row) => {
    let [sum, known] = [0, 0];
    for (const value of seriesAt(history, row).values) {
      if (Number.isNaN(value)) continue;
      sum += value;
      known += 1;
    }
    if (known < KNOWN_SHARE_MIN * history.length) return SPARSE;
    return LOADS.find(({ below }) => sum / known < below)?.name ?? SPARSE;
  });
}
