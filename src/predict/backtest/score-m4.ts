// The M4 organisers' formulas: sMAPE, MASE, OWA, MSIS and coverage at 95 %.
import { roundTo } from '../../core';
import type { Reference } from './reference-errors';
import type { ModelForecasts } from './score-block';
import { Mean, meanOf } from './sums';

// Naive2 on M4 Hourly, the organisers' table (Makridakis, Spiliotis, Assimakopoulos 2020).
const NAIVE2 = { smape: 18.383, mase: 2.395 } as const;
const ALPHA = 0.05;
const [LOWER, UPPER] = [0.025, 0.975];

export interface M4Scores {
  readonly series: number;
  readonly smape: number;
  readonly mase: number;
  readonly owa: number;
  /** Where the levels .025 and .975 were asked for. */
  readonly msis95?: number;
  readonly coverage95?: number;
}

/** Every series counts alike; the scale is its in-sample seasonal naive, without a floor. */
export function scoreM4(forecasts: ModelForecasts, reference: Reference): M4Scores {
  const { actual, seasonScale, seriesCount, originCount, horizon } = reference;
  const low = forecasts.quantiles.find(({ level }) => level === LOWER)?.values;
  const high = forecasts.quantiles.find(({ level }) => level === UPPER)?.values;
  const rows: { smape: number; mase: number; msis: number; cover: number }[] = [];
  for (let series = 0; series < seriesCount; series += 1) {
    const [smape, mase, msis, cover] = [new Mean(), new Mean(), new Mean(), new Mean()];
    const per = originCount * horizon;
    for (let at = series * per; at < (series + 1) * per; at += 1) {
      const y = actual[at];
      if (Number.isNaN(y)) continue;
      const scale = seasonScale[Math.floor(at / horizon)];
      const error = Math.abs(y - forecasts.point[at]);
      smape.add((200 * error) / (Math.abs(y) + Math.abs(forecasts.point[at]) || 1));
      mase.add(error / scale);
      if (low === undefined || high === undefined) continue;
      const outside = Math.max(low[at] - y, 0) + Math.max(y - high[at], 0);
      msis.add((high[at] - low[at] + (2 / ALPHA) * outside) / scale);
      cover.add(Number(y >= low[at] && y <= high[at]));
    }
    if (smape.count === 0) continue;
    rows.push({
      smape: smape.mean(),
      mase: mase.mean(),
      msis: msis.mean(),
      cover: cover.mean(),
    });
  }
  const smape = meanOf(rows.map((row) => row.smape));
  const mase = meanOf(rows.map((row) => row.mase));
  const intervals =
    low === undefined || high === undefined
      ? {}
      : {
          msis95: roundTo(meanOf(rows.map((row) => row.msis)), 3),
          coverage95: roundTo(meanOf(rows.map((row) => row.cover)), 4),
        };
  return {
    series: rows.length,
    smape: roundTo(smape, 3),
    mase: roundTo(mase, 4),
    owa: roundTo((smape / NAIVE2.smape + mase / NAIVE2.mase) / 2, 4),
    ...intervals,
  };
}
