// `backtest --windows`: the quietest windows of every VM and day, ranked as a night would.
import { learnStarts, rankStarts, type NightForecast } from '../../migration';
import { ENSEMBLE, trainingSources, type TrainingSource } from '../../models';
import { historyAt, teacherAt, type BacktestRequest, type ModelRun } from '../../predict';

const SEED = 1;
const HIGH_LEVEL = 0.95;
const HIGH_LEVEL_MIN = 0.9; // of those asked for, the nearest to .95 that is at least this

/** The model whose forecast takes part in the ranking: the ensemble, else the last that is named. */
export function rankingModel(models: readonly string[]): string {
  return models.includes(ENSEMBLE) ? ENSEMBLE : models[models.length - 1];
}

/**
 * Lines unique_id,cutoff,start,rank,minutes; instants in epoch seconds. What is learned comes from nights before the
 * first origin, and from the teachers.
 */
export async function* windowLines(
  run: ModelRun,
  request: BacktestRequest,
  minutes: readonly number[],
): AsyncGenerator<string> {
  const { panel, origins, stepsPerDay, kernels } = request;
  yield 'unique_id,cutoff,start,rank,minutes\n';
  const sources = sourcesOf(request);
  for (const one of minutes) {
    const length = (60 * one) / panel.step;
    const model = await learnStarts(kernels, { sources, stepsPerDay, length, seed: SEED });
    for (let origin = 0; origin < origins.count; origin += 1) {
      const history = historyAt(panel, origins, origin);
      const forecastOf = (series: number): NightForecast => nightOf(run, request, series, origin);
      const rank = { history, stepsPerDay, length, model, kernels, forecastOf };
      const ranked = await rankStarts(rank);
      for (const [series, starts] of ranked.entries()) {
        const cutoff = origins.cutoffs[series * origins.count + origin];
        const instant = (column: number): number => panel.start + column * panel.step;
        for (const [at, start] of starts.entries()) {
          const line = [panel.ids[series], instant(cutoff), instant(cutoff + start), at + 1, one];
          yield `${line.join(',')}\n`;
        }
      }
    }
  }
}

function sourcesOf(request: BacktestRequest): readonly TrainingSource[] {
  const { panel, origins, teachers = [], teachersOnly = false } = request;
  const history = historyAt(panel, origins, 0);
  const cutoff = origins.cutoffs[0];
  return trainingSources(history, {
    end: history.length,
    teachers: teachers.map((one) => teacherAt(panel, cutoff, one)),
    teachersOnly,
  });
}

/** The first day of one forecast. */
function nightOf(
  { median, mean }: ModelRun,
  { origins, horizon, stepsPerDay }: BacktestRequest,
  series: number,
  origin: number,
): NightForecast {
  const from = (series * origins.count + origin) * horizon;
  const day = (values: Float64Array): Float64Array => values.subarray(from, from + stepsPerDay);
  const high = median.quantiles
    .filter(({ level }) => level >= HIGH_LEVEL_MIN)
    .toSorted((a, b) => Math.abs(a.level - HIGH_LEVEL) - Math.abs(b.level - HIGH_LEVEL))
    .at(0);
  return {
    mean: day(mean.point),
    median: day(median.point),
    ...(high === undefined ? {} : { high: day(high.values) }),
  };
}
