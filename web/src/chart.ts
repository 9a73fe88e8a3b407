// One chart for every view: actual, forecast, band, and windows on one time axis, in the same colours.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { clockTime, currentZone, pct, utc } from './format';

export interface LoadChart {
  /** Epoch seconds, ascending: history, then forecast. */
  readonly timesSec: readonly number[];
  readonly actualPct: readonly (number | null)[];
  readonly forecastPct: readonly (number | null)[];
  readonly lowPct: readonly (number | null)[];
  readonly highPct: readonly (number | null)[];
  readonly windows: readonly {
    readonly fromSec: number;
    readonly toSec: number;
    readonly label: string;
  }[];
  /** The instant of the forecast. */
  readonly cutoffSec: number;
}

const HEIGHT_PX = 300;
const BAND = '5 to 95 %';
/** uPlot: smallest step in seconds, label, label at a new year, (month), day, hour, minute, second, mode. */
const DAY_LABEL = '{DD} {MMM}';
const TIME_LABELS: uPlot.Axis.Values = [
  [86_400, DAY_LABEL, null, null, null, null, null, null, 1],
  [60, '{HH}:{mm}', `\n${DAY_LABEL}`, null, `\n${DAY_LABEL}`, null, null, null, 1],
];

/** As many nulls as there are values: where a line has no value, uPlot draws none. */
export function none(values: readonly unknown[]): null[] {
  return values.map(() => null);
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function drawLoad(parent: HTMLElement, chart: LoadChart): () => void {
  const options: uPlot.Options = {
    width: Math.max(320, parent.clientWidth),
    height: HEIGHT_PX,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), currentZone()),
    cursor: { y: false, points: { size: 6 } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(5, (high ?? 5) * 1.08)] } },
    axes: [
      {
        stroke: colour('--muted'),
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { show: false },
        values: TIME_LABELS,
      },
      {
        stroke: colour('--muted'),
        grid: { stroke: colour('--line'), width: 1 },
        ticks: { show: false },
        size: 56,
        values: (_plot, values) => values.map((value) => `${value} %`),
      },
    ],
    series: [
      {
        label: 'time',
        value: (_plot, value) =>
          value === null ? '' : `${clockTime(value * 1_000)} (${utc(value * 1_000)})`,
      },
      {
        label: 'actual',
        stroke: colour('--actual'),
        width: 1.4,
        points: { show: false },
        value: (_p, v) => pct(v),
      },
      {
        label: 'forecast',
        stroke: colour('--accent'),
        width: 1.8,
        points: { show: false },
        value: (_p, v) => pct(v),
      },
      { label: BAND, stroke: 'transparent', points: { show: false }, value: (_p, v) => pct(v) },
      { label: 'low', stroke: 'transparent', points: { show: false }, value: (_p, v) => pct(v) },
    ],
    bands: [{ series: [3, 4], fill: colour('--band') }],
    hooks: { drawClear: [(plot) => paintBackground(plot, chart)] },
  };
  const data = [chart.timesSec, chart.actualPct, chart.forecastPct, chart.highPct, chart.lowPct];
  const plot = new uPlot(options, data as uPlot.AlignedData, parent);
  const observer = new ResizeObserver(() =>
    plot.setSize({ width: Math.max(320, parent.clientWidth), height: HEIGHT_PX }),
  );
  observer.observe(parent);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}

function paintBackground(plot: uPlot, chart: LoadChart): void {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const window of chart.windows) {
    const left = plot.valToPos(window.fromSec, 'x', true);
    const right = plot.valToPos(window.toSec, 'x', true);
    ctx.fillStyle = colour('--window');
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
    ctx.fillStyle = colour('--accent');
    ctx.fillRect(left, bbox.top, Math.max(2, right - left), 3 * devicePixelRatio);
    ctx.font = `${11 * devicePixelRatio}px system-ui`;
    ctx.fillText(window.label, left + 3, bbox.top + 15 * devicePixelRatio);
  }
  const now = plot.valToPos(chart.cutoffSec, 'x', true);
  ctx.strokeStyle = colour('--muted');
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(now, bbox.top);
  ctx.lineTo(now, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
