// Errors of one model over a block of leads: the arithmetic, names, and rounding of lab/score.py.
import { quantileName, roundTo } from '../../core';
import type { Reference } from './reference-errors';
import { Mean, meanOf, medianOf, percentileOf, spreadOf } from './sums';

/** A model's forecasts of all cells (series, origins, horizon), row-major. */
export interface ModelForecasts {
  readonly point: Float64Array;
  /** Ascending levels and their cells; empty for a model without quantiles. */
  readonly quantiles: readonly { readonly level: number; readonly values: Float64Array }[];
}

export type Score =
  number | string | null | readonly string[] | Readonly<Record<string, number | null>>;
export type BlockScores = Record<string, Score>;

const SCALE_FLOOR = 0.05; // lab/score.py FLOOR: CPU points
const ERROR_FLOOR = 0.01; // lab/score.py EPS: CPU points, keeps a stopped VM from deciding
const TIE_SHARE = 1e-3; // lab/score.py better(): rounding in a CSV must not decide a tie
const TIE_POINTS = 5e-4;
const DIGITS = 5;
const SHARE_DIGITS = 4;

/** Leads from..to, 1-based. O(cells x quantiles). */
export function scoreBlock(
  forecasts: ModelForecasts,
  reference: Reference,
  from: number,
  to: number,
): BlockScores {
  const scores: BlockScores = { ...pointScores(forecasts.point, reference, from, to) };
  const scored = forecasts.quantiles.filter(({ level }) => quantileName(level).length === 3);
  if (scored.length > 0) Object.assign(scores, shareScores(scored, reference, from, to));
  const triple = [0.05, 0.5, 0.95].map(
    (level) => scored.find((one) => one.level === level)?.values,
  );
  if (triple.every((one) => one !== undefined)) {
    Object.assign(scores, intervalScores(triple as Float64Array[], reference, from, to));
  }
  const low = scored.find(({ level }) => level === 0.25)?.values;
  const high = scored.find(({ level }) => level === 0.75)?.values;
  if (low !== undefined && high !== undefined) {
    scores.cover50 = round(coverage(low, high, reference, from, to).mean());
  }
  if (scored.length > 3) {
    scores.pinball_all = round(pinball(scored, reference, from, to).mean());
    scores.quantiles = scored.map(({ level }) => quantileName(level)).toSorted();
  }
  return scores;
}

function round(value: number, digits = DIGITS): number | null {
  return Number.isFinite(value) ? roundTo(value, digits) : null;
}

/** Calls `visit` for each cell of the block with its series and (series, origin) pair. */
function eachCell(
  { seriesCount, originCount, horizon }: Reference,
  from: number,
  to: number,
  visit: (at: number, series: number, pair: number) => void,
): void {
  for (let series = 0; series < seriesCount; series += 1) {
    for (let origin = 0; origin < originCount; origin += 1) {
      const pair = series * originCount + origin;
      for (let at = pair * horizon + from - 1; at < pair * horizon + to; at += 1) {
        visit(at, series, pair);
      }
    }
  }
}

function pointScores(
  point: Float64Array,
  reference: Reference,
  from: number,
  to: number,
): BlockScores {
  const { actual, naive, seasonalNaive, seasonScale, stepScale, seriesCount } = reference;
  const bySeries = (): Mean[] => Array.from({ length: seriesCount }, () => new Mean());
  const [own, ownNaive, ownSeasonal, scaled, stepScaled] = [1, 2, 3, 4, 5].map(bySeries);
  const [mae, square, smape, bias] = [new Mean(), new Mean(), new Mean(), new Mean()];
  eachCell(reference, from, to, (at, series, pair) => {
    const error = point[at] - actual[at];
    if (Number.isNaN(error)) return;
    const size = Math.abs(error);
    const sum = Math.abs(point[at]) + Math.abs(actual[at]);
    mae.add(size);
    square.add(size * size);
    smape.add(sum > 0 ? (200 * size) / sum : 0);
    bias.add(error);
    own[series].add(size);
    ownNaive[series].add(Math.abs(naive[at] - actual[at]));
    ownSeasonal[series].add(Math.abs(seasonalNaive[at] - actual[at]));
    scaled[series].add(size / Math.max(seasonScale[pair], SCALE_FLOOR));
    stepScaled[series].add(size / Math.max(stepScale[pair], SCALE_FLOOR));
  });
  const judged = own.map((_, series) => series).filter((series) => own[series].count > 0);
  const mase = judged.map((series) => scaled[series].mean());
  const beats = (other: readonly Mean[]): number =>
    meanOf(judged.map((s) => Number(better(own[s].mean(), other[s].mean()))));
  const logs = (other: readonly Mean[]): number[] =>
    judged.map((s) => Math.log((own[s].mean() + ERROR_FLOOR) / (other[s].mean() + ERROR_FLOOR)));
  const toSeasonal = logs(ownSeasonal);
  const rel = Math.exp(meanOf(toSeasonal));
  return {
    mae: round(mae.mean()),
    rmse: round(Math.sqrt(square.mean())),
    smape: round(smape.mean()),
    mase: round(meanOf(mase)),
    mase_median: round(medianOf(mase)),
    mase_naive: round(meanOf(judged.map((series) => stepScaled[series].mean()))),
    beats_naive: round(beats(ownNaive)),
    beats_seasonal_naive: round(beats(ownSeasonal)),
    rel_naive: round(Math.exp(meanOf(logs(ownNaive)))),
    rel_seasonal_naive: round(rel),
    rel_seasonal_naive_se: round(
      (rel * spreadOf(toSeasonal)) / Math.sqrt(Math.max(1, judged.length)),
    ),
    rel: round(rel),
    bias: round(bias.mean()),
  };
}

function better(own: number, other: number): boolean {
  return own < other - Math.max(TIE_SHARE * other, TIE_POINTS);
}

/** How often the actual fell below each quantile; ties are common, so both sides are told. */
function shareScores(
  quantiles: ModelForecasts['quantiles'],
  reference: Reference,
  from: number,
  to: number,
): BlockScores {
  const atOrBelow: Record<string, number | null> = {};
  const below: Record<string, number | null> = {};
  let gap = 0;
  for (const { level, values } of quantiles) {
    const [low, high] = [new Mean(), new Mean()];
    eachCell(reference, from, to, (at) => {
      const actual = reference.actual[at];
      if (Number.isNaN(actual)) return;
      low.add(Number(actual < values[at]));
      high.add(Number(actual <= values[at]));
    });
    gap = Math.max(gap, low.mean() - level, level - high.mean());
    below[quantileName(level)] = round(low.mean(), SHARE_DIGITS);
    atOrBelow[quantileName(level)] = round(high.mean(), SHARE_DIGITS);
  }
  return { at_or_below: atOrBelow, below, calibration_gap: round(gap) };
}

function intervalScores(
  [low, middle, high]: readonly Float64Array[],
  reference: Reference,
  from: number,
  to: number,
): BlockScores {
  const { actual, naive, seasonScale, seriesCount } = reference;
  const bySeries = (): Mean[] => Array.from({ length: seriesCount }, () => new Mean());
  const [ownPinball, ownNaive, ownWidth] = [1, 2, 3].map(bySeries);
  const [width, size] = [new Mean(), new Mean()];
  let crossed = 0;
  const three = [0.05, 0.5, 0.95].map((level, at) => ({ level, values: [low, middle, high][at] }));
  eachCell(reference, from, to, (at, series, pair) => {
    width.add(high[at] - low[at]);
    if (low[at] > middle[at] + 1e-9 || middle[at] > high[at] + 1e-9) crossed += 1;
    const y = actual[at];
    if (Number.isNaN(y)) return;
    size.add(Math.abs(y));
    ownPinball[series].add(cellPinball(three, at, y));
    ownNaive[series].add(Math.abs(naive[at] - y));
    const penalty = 20 * Math.max(low[at] - y, 0) + 20 * Math.max(y - high[at], 0);
    ownWidth[series].add((high[at] - low[at] + penalty) / Math.max(seasonScale[pair], SCALE_FLOOR));
  });
  const judged = ownPinball.map((_, series) => series).filter((s) => ownPinball[s].count > 0);
  const loss = pinball(three, reference, from, to);
  const cover = coverage(low, high, reference, from, to);
  const msis = judged.map((series) => ownWidth[series].mean());
  const logs = judged.map((s) =>
    Math.log((ownPinball[s].mean() + ERROR_FLOOR) / (ownNaive[s].mean() / 2 + ERROR_FLOOR)),
  );
  return {
    pinball: round(loss.mean()),
    wql: round((2 * loss.sum) / size.sum),
    rel_pinball_naive: round(Math.exp(meanOf(logs))), // a point forecast's pinball is MAE / 2
    cover90: round(cover.mean()),
    cover90_series_p10: round(percentileOf(coverageBySeries(low, high, reference, from, to), 0.1)),
    width90: round(width.mean()),
    msis90: round(meanOf(msis)),
    msis90_median: round(medianOf(msis)),
    crossed,
    coverage: round(cover.mean()),
    msis: round(meanOf(msis)),
  };
}

function cellPinball(quantiles: ModelForecasts['quantiles'], at: number, actual: number): number {
  let sum = 0;
  for (const { level, values } of quantiles) {
    const error = actual - values[at];
    sum += Math.max(level * error, (level - 1) * error);
  }
  return sum / quantiles.length;
}

function pinball(
  quantiles: ModelForecasts['quantiles'],
  reference: Reference,
  from: number,
  to: number,
): Mean {
  const mean = new Mean();
  eachCell(reference, from, to, (at) => {
    const actual = reference.actual[at];
    if (!Number.isNaN(actual)) mean.add(cellPinball(quantiles, at, actual));
  });
  return mean;
}

function coverage(
  low: Float64Array,
  high: Float64Array,
  reference: Reference,
  from: number,
  to: number,
): Mean {
  const mean = new Mean();
  eachCell(reference, from, to, (at) => {
    const actual = reference.actual[at];
    if (!Number.isNaN(actual)) mean.add(Number(actual >= low[at] && actual <= high[at]));
  });
  return mean;
}

function coverageBySeries(
  low: Float64Array,
  high: Float64Array,
  reference: Reference,
  from: number,
  to: number,
): number[] {
  const means = Array.from({ length: reference.seriesCount }, () => new Mean());
  eachCell(reference, from, to, (at, series) => {
    const actual = reference.actual[at];
    if (!Number.isNaN(actual)) means[series].add(Number(actual >= low[at] && actual <= high[at]));
  });
  return means.filter((mean) => mean.count > 0).map((mean) => mean.mean());
}
