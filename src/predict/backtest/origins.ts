// Where a backtest stands when it forecasts: rolling origins, and the history known at each.
import { columnsBefore, DomainError, type SeriesBatch } from '../../core';
import { batchOfPanel, type Panel } from './panel';

export type Anchor = 'auto' | 'global' | 'series';

export interface OriginRequest {
  /** The last `count` origins; 'final' = one, past the end of the data. */
  readonly origins: number | 'final';
  /** Steps between origins. */
  readonly originStep: number;
  readonly horizon: number;
  readonly anchor: Anchor;
}

export interface Origins {
  readonly anchor: 'global' | 'series';
  readonly count: number;
  /** (series, count): column of the first forecast bin, oldest origin first; may be negative. */
  readonly cutoffs: Int32Array;
}

const SAME_END_SHARE = 0.9; // lab/common.py: global where 90 % of the series end there

/**
 * The last horizon ends with the bin at which most series end (global), or with each series' own
 * last bin. Throws SERIES_TOO_SHORT when the first origin lies before the data.
 */
export function originsOf(panel: Panel, request: OriginRequest): Origins {
  const ends = endsOf(panel);
  const { end: mode, share } = commonEnd(ends);
  const fitting = share >= SAME_END_SHARE ? 'global' : 'series';
  const anchor = request.anchor === 'auto' ? fitting : request.anchor;
  const final = request.origins === 'final';
  const count = request.origins === 'final' ? 1 : request.origins;
  const cutoffs = new Int32Array(panel.ids.length * count);
  for (let series = 0; series < panel.ids.length; series += 1) {
    const end = anchor === 'global' ? mode : ends[series];
    for (let origin = 0; origin < count; origin += 1) {
      const back = final ? 0 : request.horizon + request.originStep * (count - 1 - origin);
      cutoffs[series * count + origin] = end - back;
    }
  }
  const firstColumn = cutoffs.reduce(
    (most, cutoff, at) => (at % count === 0 ? Math.max(most, cutoff) : most),
    0,
  );
  if (firstColumn < 1) {
    throw new DomainError(
      'SERIES_TOO_SHORT',
      `${count} origins with a horizon of ${request.horizon} steps start before the data`,
      { origins: count, horizon: request.horizon },
    );
  }
  return { anchor, count, cutoffs };
}

/** One past the last known column of each series. */
function endsOf(panel: Panel): Int32Array {
  return Int32Array.from(panel.ids, (_, series) => {
    let end = panel.length;
    while (end > 0 && Number.isNaN(panel.values[series * panel.length + end - 1])) end -= 1;
    return end;
  });
}

/** The commonest end, the first of equals, and the share of series that have it. */
function commonEnd(ends: Int32Array): { readonly end: number; readonly share: number } {
  const counts = new Map<number, number>();
  for (const end of ends.toSorted()) counts.set(end, (counts.get(end) ?? 0) + 1);
  let best = 0;
  let most = 0;
  for (const [end, count] of counts) {
    if (count > most) {
      best = end;
      most = count;
    }
  }
  return { end: best, share: most / ends.length };
}

/**
 * What is known `stepsBack` columns before one origin, and nothing else: later values are not even in
 * memory that a model sees. Rows end together; where cutoffs differ, shorter rows start with NaN.
 */
export function historyAt(
  panel: Panel,
  origins: Origins,
  origin: number,
  stepsBack = 0,
): SeriesBatch {
  const seriesCount = panel.ids.length;
  const cutoffs = Int32Array.from(
    { length: seriesCount },
    (_, series) => origins.cutoffs[series * origins.count + origin] - stepsBack,
  );
  const length = knownLength(origins, origin, stepsBack);
  const values = new Float64Array(seriesCount * length).fill(Number.NaN);
  for (let series = 0; series < seriesCount; series += 1) {
    const from = series * panel.length;
    const known = Math.min(Math.max(0, cutoffs[series]), panel.length);
    const to = series * length + length - Math.max(0, cutoffs[series]);
    values.set(panel.values.subarray(from, from + known), to);
  }
  const startMs = panel.start * 1_000;
  return { startMs, stepMs: panel.step * 1_000, seriesCount, length, values };
}

/** Columns of `historyAt`, without making it. */
export function knownLength(origins: Origins, origin: number, stepsBack = 0): number {
  const { count, cutoffs } = origins;
  let length = 0;
  for (let at = origin; at < cutoffs.length; at += count) {
    length = Math.max(length, cutoffs[at] - stepsBack);
  }
  return length;
}

/** The rows of another panel that are known before the instant of column `cutoff` of this one. */
export function teacherAt(panel: Panel, cutoff: number, teacher: Panel): SeriesBatch {
  const instant = panel.start + cutoff * panel.step;
  return columnsBefore(batchOfPanel(teacher), (instant - teacher.start) / teacher.step);
}
