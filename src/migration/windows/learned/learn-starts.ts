// A booster of past nights: the load of a window over the unit of its night, learned from the fleet's own history.
//
// Source: the lab's lessons 9 to 12 (a quiet-looking window hits a batch job on one VM-day in eight, and learning the
// scaled load is as good as learning regret or ranks).
import { hash32, seriesAt, type SeriesBatch } from '../../../core';
import { CUTS_MAX, type BinCuts, type BoostedTrees, type Kernels } from '../../../kernels';
import { cutsOf, type TrainingSource } from '../../../models';
import { loadSums, type LoadSums } from './day-loads';
import {
  fleetProfile,
  START_FEATURE_COUNT,
  StartFeatures,
  type FleetProfile,
} from './start-features';

export interface StartLesson {
  readonly sources: readonly TrainingSource[];
  readonly stepsPerDay: number;
  /** Columns of a window. */
  readonly length: number;
  readonly seed: number;
  /** Fewer rows cost less and say less. */
  readonly rowsMax?: number;
}

export interface StartModel {
  readonly cuts: BinCuts;
  /** Absent where there were too few nights. */
  readonly trees?: BoostedTrees;
  readonly rowCount: number;
}

const NIGHTS_MAX = 70; // 40 lost 1 to 2 % of regret
const NIGHTS_MIN = 10; // with fewer a plain profile is better
const SHIFTS = 4; // cutoffs a night, six hours apart
const ROWS_MAX = 250_000;
const ROWS_MIN = 2_000;
const KNOWN_DAYS_MIN = 3; // of a VM before a night
const WHOLE_SHARE = 0.95; // of a night's bins, known
const LOW = -3; // units: what a window may lie below its day's mean
const HIGH = 6;
const TREES = {
  binCount: CUTS_MAX + 1,
  loss: 'squared',
  treeCount: 200,
  depth: 6,
  learningRate: 0.05,
  l2: 60,
  rowShare: 0.6,
  featureShare: 0.8,
} as const;

interface Rows {
  readonly features: Float32Array;
  readonly target: Float32Array;
  count: number;
}

/** Equal bits for equal data, seed, and backend. O(series x nights x D S + rows x trees). */
export async function learnStarts(kernels: Kernels, lesson: StartLesson): Promise<StartModel> {
  const { sources, stepsPerDay, seed, rowsMax = ROWS_MAX } = lesson;
  const shift = stepsPerDay / SHIFTS;
  const nightsOf = ({ end }: TrainingSource): number =>
    Math.max(0, Math.min(NIGHTS_MAX * SHIFTS, Math.floor((end - stepsPerDay) / shift)));
  const vmNights = sources.reduce((sum, one) => sum + one.history.seriesCount * nightsOf(one), 0);
  const perNight = Math.max(1, Math.floor(rowsMax / Math.max(1, vmNights)));
  const rows: Rows = {
    features: new Float32Array(vmNights * perNight * START_FEATURE_COUNT),
    target: new Float32Array(vmNights * perNight),
    count: 0,
  };
  let place = 0; // of a source's first series among all
  for (const source of sources) {
    addNights(source, nightsOf(source), perNight, lesson, place, rows);
    place += source.history.seriesCount;
  }
  const { features, target, count } = rows;
  const most = Math.max(0, ...sources.map(nightsOf));
  if (most < NIGHTS_MIN * SHIFTS || count < ROWS_MIN) return { cuts: [], rowCount: count };
  const cuts = cutsOf(features.subarray(0, count * START_FEATURE_COUNT), START_FEATURE_COUNT);
  const matrix = await kernels.features.bin(cuts, features, count);
  const training = { ...TREES, matrix, target: target.subarray(0, count), seed };
  return { cuts, trees: await kernels.boosted.train(training), rowCount: count };
}

/** A few seeded starts of each VM on each night of one fleet. */
function addNights(
  { history, end }: TrainingSource,
  nights: number,
  perNight: number,
  { stepsPerDay, length, seed }: StartLesson,
  place: number,
  rows: Rows,
): void {
  const startCount = stepsPerDay - length + 1;
  const fleet = Array.from({ length: history.seriesCount }, (_, series) =>
    loadSums(seriesAt(history, series).values.subarray(0, end)),
  );
  for (let night = 0; night < nights; night += 1) {
    const t = end - stepsPerDay - (night * stepsPerDay) / SHIFTS;
    const views = viewsOf(fleet, t, { stepsPerDay, length }, history);
    const profile = fleetProfile([...views.values()], startCount);
    for (const [series, view] of views) {
      const { sum, known } = fleet[series];
      if (known[t + stepsPerDay] - known[t] < WHOLE_SHARE * stepsPerDay) continue;
      const halves = view.halves(profile);
      const mean = (sum[t + stepsPerDay] - sum[t]) / stepsPerDay;
      for (let draw = 0; draw < perNight; draw += 1) {
        const s = hash32(seed, place + series, night, draw) % startCount;
        view.fill(s, profile, halves, rows.features, rows.count * START_FEATURE_COUNT);
        const load = ((sum[t + s + length] - sum[t + s]) / length - mean) / view.days.unit;
        rows.target[rows.count] = Math.min(HIGH, Math.max(LOW, load));
        rows.count += 1;
      }
    }
  }
}

/** By series; those with a few days before the cutoff. O(series x D S). */
export function viewsOf(
  fleet: readonly LoadSums[],
  t: number,
  { stepsPerDay, length }: Pick<StartLesson, 'stepsPerDay' | 'length'>,
  calendar: SeriesBatch,
): ReadonlyMap<number, StartFeatures> {
  const views = new Map<number, StartFeatures>();
  fleet.forEach((sums, series) => {
    if (t - sums.first < KNOWN_DAYS_MIN * stepsPerDay) return;
    views.set(series, new StartFeatures(sums, t, stepsPerDay, length, calendar));
  });
  return views;
}

/** (S) expected loads of one VM's starts, in units; its own profile where nothing was learned. */
export async function expectedLoads(
  kernels: Kernels,
  { cuts, trees }: StartModel,
  view: StartFeatures,
  fleet: FleetProfile,
): Promise<Float64Array> {
  const { startCount } = view.days;
  if (trees === undefined) return view.profile;
  const features = new Float32Array(startCount * START_FEATURE_COUNT);
  const halves = view.halves(fleet);
  for (let s = 0; s < startCount; s += 1) {
    view.fill(s, fleet, halves, features, s * START_FEATURE_COUNT);
  }
  const matrix = await kernels.features.bin(cuts, features, startCount);
  return Float64Array.from(await kernels.boosted.predict(trees, matrix));
}
