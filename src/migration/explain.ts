// Why this window, or why none: a document told in plain words and data, for REST and the page.
import { formatInstant, roundTo } from '../core';
import type { EpochMs } from '../core';
import type { RankedWindow, WindowContent } from './windows/window-schema';

export interface Explanation {
  readonly vmId: string;
  readonly revision: number;
  readonly runDate: string;
  readonly policy: WindowContent['policy'];
  readonly verdict: 'windows' | 'none' | 'expired';
  /** One sentence: the answer. */
  readonly answer: string;
  readonly models: WindowContent['models'];
  readonly windows: readonly ExplainedWindow[];
  /** What the night would have chosen, where a decision of an operator stands in its place. */
  readonly withheld: readonly ExplainedWindow[];
  readonly day?: WindowContent['day'];
  /** The forecast's quietest and busiest hour, where a forecast is given. */
  readonly quietestHour?: HourLoad;
  readonly busiestHour?: HourLoad;
}

export interface ExplainedWindow extends RankedWindow {
  /** Positive: quieter than the mean of the day, percentage points. */
  readonly quieterByPct: number;
  /** false once its latest start has passed. */
  readonly open: boolean;
}

export interface HourLoad {
  readonly startMs: EpochMs;
  readonly meanLoadPct: number;
}

/** Mean forecast loads of the day in even steps from the cutoff. */
export interface ForecastDay {
  readonly stepMs: number;
  readonly meanPct: ArrayLike<number>;
}

export function explainWindows(
  content: WindowContent,
  nowMs: EpochMs,
  forecast?: ForecastDay,
): Explanation {
  const told = (window: RankedWindow): ExplainedWindow => ({
    ...window,
    quieterByPct: roundTo(window.baselineLoadPct - window.loadPct.mean, 2),
    open: window.latestStartMs >= nowMs,
  });
  const windows = content.windows.map(told);
  const verdict = verdictOf(windows);
  const { vmId, revision, runDate, policy, models, day } = content;
  return {
    vmId,
    revision,
    runDate,
    policy,
    verdict,
    answer: answerOf(content, windows),
    models,
    windows,
    withheld: (content.withheld?.windows ?? []).map(told),
    day,
    ...extremes(content.cutoffMs, forecast),
  };
}

function verdictOf(windows: readonly ExplainedWindow[]): Explanation['verdict'] {
  if (windows.length === 0) return 'none';
  return windows.some((window) => window.open) ? 'windows' : 'expired';
}

function answerOf(content: WindowContent, windows: readonly ExplainedWindow[]): string {
  if (windows.length === 0) return `No window: ${content.reason ?? 'none was chosen'}.`;
  const next = windows.find((window) => window.open);
  if (next === undefined) return 'All windows of this night have passed; the next night gives new.';
  const from = formatInstant(next.notBeforeMs);
  const until = formatInstant(next.latestStartMs);
  return `Start between ${from} and ${until}: ${next.reasons[0]}.`;
}

function extremes(
  cutoffMs: EpochMs,
  forecast: ForecastDay | undefined,
): Pick<Explanation, 'quietestHour' | 'busiestHour'> {
  if (forecast === undefined) return {};
  const perHour = Math.max(1, Math.round(3_600_000 / forecast.stepMs));
  const hours: HourLoad[] = [];
  for (let first = 0; first + perHour <= forecast.meanPct.length; first += perHour) {
    let sum = 0;
    for (let i = first; i < first + perHour; i += 1) sum += forecast.meanPct[i];
    const startMs = cutoffMs + first * forecast.stepMs;
    hours.push({ startMs, meanLoadPct: roundTo(sum / perHour, 2) });
  }
  const sorted = hours.toSorted((a, b) => a.meanLoadPct - b.meanLoadPct || a.startMs - b.startMs);
  return { quietestHour: sorted[0], busiestHour: sorted.at(-1) };
}
