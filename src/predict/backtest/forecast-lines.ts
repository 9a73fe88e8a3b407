// Forecasts as CSV text: unique_id,ds,cutoff,model,y_hat and a column per quantile.
import { quantileName } from '../../core';
import type { Origins } from './origins';
import type { Panel } from './panel';
import type { ModelRun } from './run-backtest';
import type { ModelForecasts } from './score-block';

export function forecastHeader(levels: readonly number[]): string {
  const names = levels.map((level) => quantileName(level));
  return `${['unique_id', 'ds', 'cutoff', 'model', 'y_hat', ...names].join(',')}\n`;
}

/** The rows of `X`, then those of `X-mean` (quantiles empty); one text per series. */
export function* forecastLines(
  run: ModelRun,
  panel: Panel,
  origins: Origins,
  horizon: number,
): Generator<string> {
  const levelCount = run.median.quantiles.length;
  yield* rowsOf(run.model, run.median, levelCount, panel, origins, horizon);
  yield* rowsOf(`${run.model}-mean`, run.mean, levelCount, panel, origins, horizon);
}

function* rowsOf(
  model: string,
  forecasts: ModelForecasts,
  levelCount: number,
  panel: Panel,
  origins: Origins,
  horizon: number,
): Generator<string> {
  const empty = forecasts.quantiles.length === 0 ? ','.repeat(levelCount) : '';
  for (let series = 0; series < panel.ids.length; series += 1) {
    let text = '';
    for (let origin = 0; origin < origins.count; origin += 1) {
      const pair = series * origins.count + origin;
      const cutoff = panel.start + origins.cutoffs[pair] * panel.step;
      for (let lead = 0; lead < horizon; lead += 1) {
        const at = pair * horizon + lead;
        const ds = cutoff + lead * panel.step;
        text += `${quoted(panel.ids[series])},${ds},${cutoff},${model},${decimal(forecasts.point[at])}`;
        for (const { values } of forecasts.quantiles) text += `,${decimal(values[at])}`;
        text += `${empty}\n`;
      }
    }
    yield text;
  }
}

/** All digits, so that a tie stays a tie; always with a point, so that a reader infers a float. */
function decimal(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

function quoted(id: string): string {
  return /[",\n]/.test(id) ? `"${id.replaceAll('"', '""')}"` : id;
}
