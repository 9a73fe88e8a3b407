// What a shard says of its VMs before any decision of an operator: one row per VM, figures as a list.
import {
  COPY_MODES,
  DAY_LENGTH_MS,
  DAY_PLAIN_SUCCESS,
  DAY_WIDTH,
  FIGURE,
  NO_MODE,
  rankWidth,
  textColumn,
  textOf,
  WINDOW,
  WINDOW_WIDTH,
  type RankedRows,
  type TextColumn,
} from '../../kernels';
import { roundTo } from '../../core';
import type { ColumnTable, ShardForecast } from '../../predict';
import { DIRTY_SOURCES, NO_SOURCE, type CostSource } from '../cost/corrections';
import type { CostSettings } from '../cost/cost-settings';
import type { PredictedCost, VmSize } from '../cost/predict-cost';
import { assumptions, hoursOf, tooLongReason, type RankedDay } from './rank-windows';
import type { DayFigures, LoadQuantiles, RankedWindow, WindowAdvice } from './window-schema';

/** Columns of (rowCount) rows. */
export interface CandidateColumns {
  readonly rowCount: number;
  readonly vmId: TextColumn;
  /** Index into `models`. */
  readonly fiveMinuteModel: Int32Array;
  readonly hourlyModel: Int32Array;
  readonly models: readonly string[];
  /** Why there is no forecast, or why no window may be; else empty. */
  readonly reason: TextColumn;
  /** Windows; -1 without a forecast. */
  readonly counts: Int32Array;
  readonly modes: Int32Array;
  /** NaN = unknown. */
  readonly vcpus: Float64Array;
  readonly memoryBytes: Float64Array;
  /** Where costs come from: CostSource, one column each; depth 0: plain physics. */
  readonly costDepth: Int32Array;
  readonly costMigrations: Int32Array;
  readonly costLastMs: Float64Array;
  /** (rowCount, rankWidth(windowsMax)): see the places in the kernels. */
  readonly figures: Float64Array;
  readonly windowsMax: number;
}

/** What a shard says of one VM. */
export interface VmCandidates {
  readonly vmId: string;
  readonly models: { readonly fiveMinute: string; readonly hourly: string };
  /** Absent when there is no forecast. */
  readonly ranked?: RankedDay;
  /** Why there is no window. */
  readonly reason?: string;
}

export function candidateTable(
  forecast: ShardForecast,
  sizes: Pick<CandidateColumns, 'vcpus' | 'memoryBytes'>,
  ranked: RankedRows,
  windowsMax: number,
  closed: ReadonlyMap<number, string> = new Map(),
  sourceOf: (row: number) => CostSource = () => NO_SOURCE,
): ColumnTable {
  const { vms, fiveMinuteModel, hourlyModel, abstentions } = forecast;
  const models = [...new Set([...fiveMinuteModel, ...hourlyModel])].toSorted();
  const code = new Map(models.map((name, at) => [name, at]));
  const codesOf = (names: readonly string[]): Int32Array =>
    Int32Array.from(names, (name) => code.get(name) ?? 0);
  const reasons = vms.map((_, row) => {
    const why = abstentions.get(row);
    if (why !== undefined) return `no forecast: ${why}`;
    return isClosed(ranked, row) ? (closed.get(row) ?? '') : '';
  });
  const sources = vms.map((_, row) => sourceOf(row));
  return {
    rowCount: vms.length,
    columns: {
      vmId: textColumn(vms.map((vm) => vm.vmId)),
      fiveMinuteModel: codesOf(fiveMinuteModel),
      hourlyModel: codesOf(hourlyModel),
      reason: textColumn(reasons),
      counts: ranked.counts,
      modes: ranked.modes,
      ...sizes,
      costDepth: Int32Array.from(sources, ({ depth }) => depth),
      costMigrations: Int32Array.from(sources, ({ migrations }) => migrations),
      costLastMs: Float64Array.from(sources, ({ lastMs }) => lastMs),
      figures: { list: ranked.figures, width: rankWidth(windowsMax) },
    },
    metadata: { models: JSON.stringify(models), windowsMax: String(windowsMax) },
  };
}

/** It could be migrated, were it not for calendars and the like. */
export function isClosed(
  { counts, modes }: Pick<RankedRows, 'counts' | 'modes'>,
  row: number,
): boolean {
  return counts[row] === 0 && modes[row] !== NO_MODE;
}

/** The columns of a table; also of one that was read back from a file. No copy. */
export function candidateColumns({ rowCount, columns, metadata }: ColumnTable): CandidateColumns {
  return {
    rowCount,
    vmId: columns.vmId as TextColumn,
    fiveMinuteModel: columns.fiveMinuteModel as Int32Array,
    hourlyModel: columns.hourlyModel as Int32Array,
    models: JSON.parse(metadata?.models ?? '[]') as string[],
    reason: columns.reason as TextColumn,
    counts: columns.counts as Int32Array,
    modes: columns.modes as Int32Array,
    vcpus: columns.vcpus as Float64Array,
    memoryBytes: columns.memoryBytes as Float64Array,
    costDepth: columns.costDepth as Int32Array,
    costMigrations: columns.costMigrations as Int32Array,
    costLastMs: columns.costLastMs as Float64Array,
    figures: (columns.figures as unknown as { readonly list: Float64Array }).list,
    windowsMax: Number(metadata?.windowsMax),
  };
}

/** The size of row `row`; absent = unknown. */
export function sizeAt({ vcpus, memoryBytes }: CandidateColumns, row: number): VmSize {
  const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
  return { vcpus: known(vcpus[row]), memoryBytes: known(memoryBytes[row]) };
}

export function sourceAt(table: CandidateColumns, row: number): CostSource {
  const { costDepth, costMigrations, costLastMs } = table;
  return { depth: costDepth[row], migrations: costMigrations[row], lastMs: costLastMs[row] };
}

/** One row as objects: for documents that an operator's decision shapes, and for tests. */
export function candidatesAt(
  table: CandidateColumns,
  row: number,
  settings: CostSettings,
): VmCandidates {
  const { counts, models, modes, windowsMax } = table;
  const vm = {
    vmId: textOf(table.vmId, row),
    models: {
      fiveMinute: models[table.fiveMinuteModel[row]],
      hourly: models[table.hourlyModel[row]],
    },
  };
  if (counts[row] < 0) return { ...vm, reason: textOf(table.reason, row) };
  const width = rankWidth(windowsMax);
  const figures = table.figures.subarray(row * width, (row + 1) * width);
  const source = sourceAt(table, row);
  const notes = assumptions(sizeAt(table, row), source, settings);
  const dirtySource = DIRTY_SOURCES[source.depth];
  const windowLengthMs = figures[DAY_LENGTH_MS];
  const chance = roundTo(figures[DAY_PLAIN_SUCCESS] * 100, 0);
  const tooLong = modes[row] === NO_MODE;
  const closed = isClosed(table, row) ? textOf(table.reason, row) || undefined : undefined;
  const reason = tooLong ? tooLongReason(hoursOf(windowLengthMs)) : closed;
  const advice: WindowAdvice = {
    mode: tooLong ? 'do-not-migrate' : COPY_MODES[modes[row]],
    cause: tooLong && reason !== undefined ? reason : `plain pre-copy converges with ${chance} %`,
  };
  const day = { ...figuresAt(figures, 0, dirtySource), windowLengthMs, advice };
  const windows = Array.from({ length: counts[row] }, (_, index) =>
    windowAt(figures, index, day, dirtySource, notes),
  );
  return { ...vm, reason, ranked: { day, windows, reason } };
}

function windowAt(
  figures: Float64Array,
  index: number,
  day: DayFigures,
  dirtySource: PredictedCost['dirtySource'],
  notes: readonly string[],
): RankedWindow {
  const from = DAY_WIDTH + index * WINDOW_WIDTH;
  const { loadPct, cost } = figuresAt(figures, from, dirtySource);
  return {
    rank: index + 1,
    notBeforeMs: figures[from + WINDOW.notBeforeMs],
    latestStartMs: figures[from + WINDOW.latestStartMs],
    notAfterMs: figures[from + WINDOW.notAfterMs],
    loadPct,
    baselineLoadPct: day.loadPct.mean,
    cost,
    score: figures[from + WINDOW.score],
    confidence: figures[from + WINDOW.confidence],
    reasons: [loadReason(loadPct, day.loadPct), costReason(cost), ...notes],
    advice: day.advice,
  };
}

function figuresAt(
  figures: Float64Array,
  from: number,
  dirtySource: PredictedCost['dirtySource'],
): Pick<DayFigures, 'loadPct' | 'cost'> {
  const at = (name: keyof typeof FIGURE): number => figures[from + FIGURE[name]];
  const successProb = at('successProb');
  const cost: PredictedCost = {
    totalTimeMs: { p50: at('totalTimeMsP50'), p95: at('totalTimeMsP95') },
    downtimeMs: { p50: at('downtimeMsP50'), p95: at('downtimeMsP95') },
    bytesSent: { p50: at('bytesSentP50'), p95: at('bytesSentP95') },
    converges: successProb >= CONVERGES_MIN,
    successProb,
    dirtySource,
  };
  const loadPct = {
    mean: at('loadMeanPct'),
    p05: at('loadP05Pct'),
    p50: at('loadP50Pct'),
    p95: at('loadP95Pct'),
  };
  return { loadPct, cost };
}

/** More likely than not. */
export const CONVERGES_MIN = 0.5;

function loadReason(window: LoadQuantiles, day: LoadQuantiles): string {
  return (
    `median load ${roundTo(window.p50, 1)} % against ${roundTo(day.p50, 1)} % over the day; ` +
    `19 times of 20 below ${roundTo(window.p95, 1)} %`
  );
}

function costReason(cost: DayFigures['cost']): string {
  const seconds = roundTo(cost.totalTimeMs.p50 / 1000, 0);
  const secondsMax = roundTo(cost.totalTimeMs.p95 / 1000, 0);
  return (
    `about ${seconds} s, 19 times of 20 below ${secondsMax} s; pause about ` +
    `${cost.downtimeMs.p50} ms, below ${cost.downtimeMs.p95} ms`
  );
}
