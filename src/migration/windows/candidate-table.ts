// Candidate windows as flat columns: one row of rank 0 per VM (the day), then its windows.
import type { ColumnTable } from '../../predict';
import type { MigrationMode, PredictedCost } from '../cost/predict-cost';
import type { RankedDay } from './rank-windows';
import type { DayFigures, RankedWindow, WindowAdvice } from './window-schema';

/** What a shard says of one VM, before any decision of an operator. */
export interface VmCandidates {
  readonly vmId: string;
  readonly models: { readonly fiveMinute: string; readonly hourly: string };
  /** Absent when there is no forecast. */
  readonly ranked?: RankedDay;
  /** Why there is no window. */
  readonly reason?: string;
}

const NUMBERS = [
  'notBeforeMs',
  'latestStartMs',
  'notAfterMs',
  'loadMeanPct',
  'loadP05Pct',
  'loadP50Pct',
  'loadP95Pct',
  'baselineLoadPct',
  'totalTimeMsP50',
  'totalTimeMsP95',
  'downtimeMsP50',
  'downtimeMsP95',
  'bytesSentP50',
  'bytesSentP95',
  'successProb',
  'score',
  'confidence',
  'windowLengthMs',
] as const;
const TEXTS = [
  'vmId',
  'fiveMinuteModel',
  'hourlyModel',
  'adviceMode',
  'adviceCause',
  'reasons',
  'reason',
] as const;

type Row = Partial<Record<(typeof NUMBERS)[number], number>> &
  Partial<Record<(typeof TEXTS)[number], string>> & { readonly rank: number };

export function candidateTable(vms: readonly VmCandidates[]): ColumnTable {
  const rows = vms.flatMap(rowsOf);
  const columns: Record<string, Float64Array | Int32Array | readonly string[]> = {
    rank: Int32Array.from(rows, (row) => row.rank),
  };
  for (const name of NUMBERS) columns[name] = Float64Array.from(rows, (row) => row[name] ?? NaN);
  for (const name of TEXTS) columns[name] = rows.map((row) => row[name] ?? '');
  return { rowCount: rows.length, columns };
}

function rowsOf(vm: VmCandidates): readonly Row[] {
  const { vmId, ranked } = vm;
  const names = { vmId, fiveMinuteModel: vm.models.fiveMinute, hourlyModel: vm.models.hourly };
  const reason = vm.reason ?? ranked?.reason ?? '';
  if (ranked === undefined) return [{ ...names, rank: 0, reason }];
  const { day, windows } = ranked;
  const dayRow: Row = {
    ...names,
    ...figures(day),
    rank: 0,
    reason,
    windowLengthMs: day.windowLengthMs,
  };
  return [dayRow, ...windows.map((window) => windowRow(names, window))];
}

function windowRow(names: Omit<Row, 'rank'>, window: RankedWindow): Row {
  const { rank, notBeforeMs, latestStartMs, notAfterMs, baselineLoadPct } = window;
  return {
    ...names,
    ...figures(window),
    rank,
    notBeforeMs,
    latestStartMs,
    notAfterMs,
    baselineLoadPct,
    score: window.score,
    confidence: window.confidence,
    reasons: window.reasons.join('\n'),
  };
}

function figures(of: Pick<DayFigures, 'loadPct' | 'cost' | 'advice'>): Omit<Row, 'rank'> {
  const { loadPct, cost, advice } = of;
  return {
    loadMeanPct: loadPct.mean,
    loadP05Pct: loadPct.p05,
    loadP50Pct: loadPct.p50,
    loadP95Pct: loadPct.p95,
    totalTimeMsP50: cost.totalTimeMs.p50,
    totalTimeMsP95: cost.totalTimeMs.p95,
    downtimeMsP50: cost.downtimeMs.p50,
    downtimeMsP95: cost.downtimeMs.p95,
    bytesSentP50: cost.bytesSent.p50,
    bytesSentP95: cost.bytesSent.p95,
    successProb: cost.successProb,
    adviceMode: advice.mode,
    adviceCause: advice.cause,
  };
}

/** The VMs of a table, in its order; also of one that was read back from a file. */
export function candidatesOf(table: ColumnTable): readonly VmCandidates[] {
  const vms: VmCandidates[] = [];
  let row = 0;
  while (row < table.rowCount) {
    const first = row;
    row += 1;
    while (row < table.rowCount && numberAt(table, 'rank', row) > 0) row += 1;
    vms.push(vmAt(table, first, row));
  }
  return vms;
}

function vmAt(table: ColumnTable, first: number, end: number): VmCandidates {
  const text = (name: (typeof TEXTS)[number]): string => textAt(table, name, first);
  const models = { fiveMinute: text('fiveMinuteModel'), hourly: text('hourlyModel') };
  const vm = { vmId: text('vmId'), models, reason: text('reason') || undefined };
  if (text('adviceMode') === '') return vm;
  const windowLengthMs = numberAt(table, 'windowLengthMs', first);
  const windows: RankedWindow[] = [];
  for (let row = first + 1; row < end; row += 1) windows.push(windowAt(table, row));
  return { ...vm, ranked: { day: { ...figuresAt(table, first), windowLengthMs }, windows } };
}

function windowAt(table: ColumnTable, row: number): RankedWindow {
  const number = (name: (typeof NUMBERS)[number]): number => numberAt(table, name, row);
  return {
    ...figuresAt(table, row),
    rank: numberAt(table, 'rank', row),
    notBeforeMs: number('notBeforeMs'),
    latestStartMs: number('latestStartMs'),
    notAfterMs: number('notAfterMs'),
    baselineLoadPct: number('baselineLoadPct'),
    score: number('score'),
    confidence: number('confidence'),
    reasons: textAt(table, 'reasons', row).split('\n'),
  };
}

function figuresAt(
  table: ColumnTable,
  row: number,
): Pick<DayFigures, 'loadPct' | 'cost' | 'advice'> {
  const number = (name: (typeof NUMBERS)[number]): number => numberAt(table, name, row);
  const successProb = number('successProb');
  const cost: PredictedCost = {
    totalTimeMs: { p50: number('totalTimeMsP50'), p95: number('totalTimeMsP95') },
    downtimeMs: { p50: number('downtimeMsP50'), p95: number('downtimeMsP95') },
    bytesSent: { p50: number('bytesSentP50'), p95: number('bytesSentP95') },
    converges: successProb >= 0.5,
    successProb,
    dirtySource: 'prior',
  };
  const mode = textAt(table, 'adviceMode', row) as MigrationMode | 'do-not-migrate';
  const advice: WindowAdvice = { mode, cause: textAt(table, 'adviceCause', row) };
  const loadPct = {
    mean: number('loadMeanPct'),
    p05: number('loadP05Pct'),
    p50: number('loadP50Pct'),
    p95: number('loadP95Pct'),
  };
  return { loadPct, cost, advice };
}

function numberAt(table: ColumnTable, name: string, row: number): number {
  return Number(table.columns[name]?.[row]);
}

function textAt(table: ColumnTable, name: string, row: number): string {
  return String(table.columns[name]?.[row] ?? '');
}
