// Half-open spans of time: sorted, apart from each other; union, intersection, and what is left.
import type { EpochMs } from '../../core';

/** [fromMs, toMs), never empty. */
export interface Span {
  readonly fromMs: EpochMs;
  readonly toMs: EpochMs;
}

/** Sorted, with those that touch or overlap made one; empty ones are dropped. O(n log n). */
export function unionOf(spans: readonly Span[]): readonly Span[] {
  const sorted = spans
    .filter(({ fromMs, toMs }) => fromMs < toMs)
    .toSorted((a, b) => a.fromMs - b.fromMs);
  const union: { fromMs: EpochMs; toMs: EpochMs }[] = [];
  for (const { fromMs, toMs } of sorted) {
    const last = union.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else union.push({ fromMs, toMs });
  }
  return union;
}

/** What both have. Both are unions. O(n + m). */
export function intersectionOf(a: readonly Span[], b: readonly Span[]): readonly Span[] {
  const common: Span[] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const fromMs = Math.max(a[i].fromMs, b[j].fromMs);
    const toMs = Math.min(a[i].toMs, b[j].toMs);
    if (fromMs < toMs) common.push({ fromMs, toMs });
    if (a[i].toMs < b[j].toMs) i += 1;
    else j += 1;
  }
  return common;
}

/** What `a` has and `b` has not. Both are unions. O(n + m). */
export function differenceOf(a: readonly Span[], b: readonly Span[]): readonly Span[] {
  const left: Span[] = [];
  let first = 0;
  for (const { fromMs, toMs } of a) {
    while (first < b.length && b[first].toMs <= fromMs) first += 1;
    let at = fromMs;
    for (let j = first; j < b.length && b[j].fromMs < toMs; j += 1) {
      if (b[j].fromMs > at) left.push({ fromMs: at, toMs: b[j].fromMs });
      at = Math.max(at, b[j].toMs);
    }
    if (at < toMs) left.push({ fromMs: at, toMs });
  }
  return left;
}
