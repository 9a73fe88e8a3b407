// A night in hindsight: what the chosen windows cost at the loads that came, beside other moments.
import { FIVE_MINUTES_MS, HOUR_MS, roundTo, type EpochMs, type Series } from '../core';
import { meanBetween, nextTwoOClock } from './compare-loads';
import { CostPredictor, type MigrationMode, type VmSize } from './cost/predict-cost';
import { expectedMs, harmOf } from './plans/move-options';

/** One VM's first window, and the day as it came. */
export interface HindsightVm {
  readonly vmId: string;
  readonly size: VmSize;
  readonly mode: MigrationMode;
  readonly window: {
    readonly notBeforeMs: EpochMs;
    readonly notAfterMs: EpochMs;
    /** Forecast of its mean load. */
    readonly loadPct: { readonly mean: number; readonly p05: number; readonly p95: number };
  };
  /** Actual five-minute means from the cutoff on, NaN = missing. */
  readonly load: Series;
}

export const MOMENTS = ['chosen', 'now', 'random', '02:00', 'best'] as const;
/** now: the cutoff. random: the mean over a start each hour. best: least load, known afterwards. */
export type Moment = (typeof MOMENTS)[number];

/** Means over the compared VMs, by the cost model at the actual load. */
export interface MomentCost {
  readonly loadPct: number;
  readonly downtimeMs: number;
  readonly totalTimeMs: number;
  /** Busy vCPU-seconds lost by one migration. */
  readonly harm: number;
}

export interface Hindsight {
  /** VMs with a window and a known load at every moment. */
  readonly comparedVms: number;
  /** With a window, but a gap in the load at one of the moments. */
  readonly leftOutVms: number;
  readonly moments?: Readonly<Record<Moment, MomentCost>>;
  /** Busy vCPU-seconds that all compared VMs together lose less in the chosen windows. */
  readonly saved?: Readonly<Record<Exclude<Moment, 'chosen'>, number>>;
  /** Share of windows whose actual load lay between the forecast's P05 and P95. */
  readonly loadCoverage?: number;
}

/** The windows of the night start no earlier. */
export interface HindsightDay {
  readonly cutoffMs: EpochMs;
  readonly firstStartMs: EpochMs;
  readonly endMs: EpochMs;
  readonly timeZone: string;
}

/** Pure. O(VMs x starts). */
export function hindsightOf(
  vms: readonly HindsightVm[],
  day: HindsightDay,
  predictor = new CostPredictor(),
): Hindsight {
  const sums = new Map<Moment, MomentCost>();
  let comparedVms = 0;
  let covered = 0;
  for (const vm of vms) {
    const costs = costsOf(vm, day, predictor);
    if (costs === undefined) continue;
    comparedVms += 1;
    const { p05, p95 } = vm.window.loadPct;
    const { loadPct } = costs.chosen;
    if (loadPct >= p05 && loadPct <= p95) covered += 1;
    for (const moment of MOMENTS) sums.set(moment, added(sums.get(moment), costs[moment]));
  }
  const leftOutVms = vms.length - comparedVms;
  if (comparedVms === 0) return { comparedVms, leftOutVms };
  const total = (moment: Moment): MomentCost => sums.get(moment) as MomentCost;
  const mean = (moment: Moment): MomentCost => ({
    loadPct: roundTo(total(moment).loadPct / comparedVms, 2),
    downtimeMs: roundTo(total(moment).downtimeMs / comparedVms, 1),
    totalTimeMs: roundTo(total(moment).totalTimeMs / comparedVms, 0),
    harm: roundTo(total(moment).harm / comparedVms, 4),
  });
  const saved = (moment: Moment): number => roundTo(total(moment).harm - total('chosen').harm, 2);
  return {
    comparedVms,
    leftOutVms,
    moments: byMoment(mean),
    saved: {
      now: saved('now'),
      random: saved('random'),
      '02:00': saved('02:00'),
      best: saved('best'),
    },
    loadCoverage: roundTo(covered / comparedVms, 3),
  };
}

function byMoment<T>(of: (moment: Moment) => T): Record<Moment, T> {
  const [chosen, now, random, two, best] = MOMENTS.map(of);
  return { chosen, now, random, '02:00': two, best };
}

/** undefined where a load is missing. */
function costsOf(
  vm: HindsightVm,
  day: HindsightDay,
  predictor: CostPredictor,
): Record<Moment, MomentCost> | undefined {
  const { notBeforeMs, notAfterMs } = vm.window;
  const lengthMs = notAfterMs - notBeforeMs;
  const { cutoffMs, firstStartMs, endMs } = day;
  const lastStartMs = endMs - lengthMs;
  const loadAt = (startMs: EpochMs): number => meanBetween(vm.load, startMs, startMs + lengthMs);
  const at = (startMs: EpochMs): MomentCost | undefined => costAt(vm, loadAt(startMs), predictor);
  const starts = (everyMs: number): readonly EpochMs[] =>
    Array.from(
      { length: Math.max(0, Math.floor((lastStartMs - firstStartMs) / everyMs) + 1) },
      (_, i) => firstStartMs + i * everyMs,
    );
  const hourly = starts(HOUR_MS).map(at);
  let least = Infinity;
  for (const startMs of starts(FIVE_MINUTES_MS)) {
    const load = loadAt(startMs);
    if (load < least) least = load;
  }
  const costs = {
    chosen: at(notBeforeMs),
    now: at(cutoffMs),
    random: hourly.includes(undefined) ? undefined : meanCost(hourly as readonly MomentCost[]),
    '02:00': at(nextTwoOClock(cutoffMs, day.timeZone)),
    best: costAt(vm, least, predictor),
  };
  const known = Object.values(costs).every((cost) => cost !== undefined);
  return known ? (costs as Record<Moment, MomentCost>) : undefined;
}

function costAt(
  { size, mode }: HindsightVm,
  loadPct: number,
  predictor: CostPredictor,
): MomentCost | undefined {
  if (!Number.isFinite(loadPct)) return undefined;
  const cost = predictor.predict(size, loadPct, mode);
  const moveCost = { ...cost, mode, expectedMs: expectedMs(cost) };
  return {
    loadPct,
    downtimeMs: cost.downtimeMs.p50,
    totalTimeMs: cost.totalTimeMs.p50,
    harm: harmOf(size, loadPct, moveCost),
  };
}

function meanCost(costs: readonly MomentCost[]): MomentCost | undefined {
  if (costs.length === 0) return undefined;
  const sum = costs.reduce<MomentCost | undefined>(added, undefined) as MomentCost;
  return scaled(sum, 1 / costs.length);
}

function added(sum: MomentCost | undefined, one: MomentCost): MomentCost {
  if (sum === undefined) return one;
  return {
    loadPct: sum.loadPct + one.loadPct,
    downtimeMs: sum.downtimeMs + one.downtimeMs,
    totalTimeMs: sum.totalTimeMs + one.totalTimeMs,
    harm: sum.harm + one.harm,
  };
}

function scaled(cost: MomentCost, by: number): MomentCost {
  return {
    loadPct: cost.loadPct * by,
    downtimeMs: cost.downtimeMs * by,
    totalTimeMs: cost.totalTimeMs * by,
    harm: cost.harm * by,
  };
}
