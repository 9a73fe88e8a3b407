// A file of series as one matrix in the file's own float64: what a backtest works on.
import { DomainError, type SeriesBatch } from '../../core';
import { readSeriesFile, type SeriesRows } from '../../ingest';

/** Series on one grid; row-major, NaN = absent. */
export interface Panel {
  /** Ascending by code unit. */
  readonly ids: readonly string[];
  /** Instant of column 0; instants are seconds, or counted steps where a format has no instants. */
  readonly start: number;
  /** Between columns, in the unit of `start`. */
  readonly step: number;
  readonly length: number;
  /** (ids, length). */
  readonly values: Float64Array;
  /** Lines of the file that were no sample. */
  readonly rejectedLines: number;
}

/** The same values as a batch, where instants are seconds. No copy. */
export function batchOfPanel({ ids, start, step, length, values }: Panel): SeriesBatch {
  const seriesCount = ids.length;
  return { startMs: start * 1_000, stepMs: step * 1_000, seriesCount, length, values };
}

export interface PanelRequest {
  readonly stepSec: number;
  /** Rows at and after this instant are not read. */
  readonly untilSec?: number;
}

/**
 * Throws INPUT_UNREADABLE (no usable row, instants off the grid, two values for one cell),
 * INSTANT_WITHOUT_DATA (nothing before `untilSec`), COLUMN_UNKNOWN. O(rows + cells).
 */
export async function readPanel(path: string, request: PanelRequest): Promise<Panel> {
  const until = request.untilSec ?? Number.POSITIVE_INFINITY;
  const blocks: SeriesRows[] = [];
  let ids: readonly string[] = [];
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  let rejectedLines = 0;
  for await (const block of readSeriesFile(path)) {
    ids = block.ids;
    rejectedLines += block.rejected.length;
    const kept = trim(block, until);
    for (let row = 0; row < kept.count; row += 1) {
      const ds = kept.dsSec[row];
      if (ds < first) first = ds;
      if (ds > last) last = ds;
    }
    if (kept.count > 0) blocks.push(kept);
  }
  if (blocks.length === 0) {
    throw new DomainError(
      'INSTANT_WITHOUT_DATA',
      `input '${path}' has no row before ${new Date(until * 1_000).toISOString()}`,
      { path },
    );
  }
  const { stepSec } = request;
  const start = Math.floor(first / stepSec) * stepSec;
  const length = Math.floor((last - start) / stepSec) + 1;
  const { order, sorted } = rowsOf(ids, blocks);
  checkSize(path, sorted.length, length);
  const values = new Float64Array(sorted.length * length).fill(Number.NaN);
  for (const block of blocks) place(path, block, { order, ids, start, stepSec, length, values });
  return { ids: sorted, start, step: stepSec, length, values, rejectedLines };
}

const CELLS_MAX = 500_000_000; // 4 GB of float64: a wrong instant or step, not a fleet

function checkSize(path: string, series: number, length: number): void {
  if (series * length <= CELLS_MAX) return;
  throw new DomainError(
    'INPUT_UNREADABLE',
    `input '${path}' spans ${length} steps for ${series} series; ${CELLS_MAX} cells are accepted`,
    { path },
  );
}

/** Rows before `until` whose value is finite, as columns of their own length. */
function trim(block: SeriesRows, until: number): SeriesRows {
  const series = new Uint32Array(block.count);
  const dsSec = new Float64Array(block.count);
  const y = new Float64Array(block.count);
  let count = 0;
  for (let row = 0; row < block.count; row += 1) {
    if (!(block.dsSec[row] < until) || !Number.isFinite(block.y[row])) continue;
    series[count] = block.series[row];
    dsSec[count] = block.dsSec[row];
    y[count] = block.y[row];
    count += 1;
  }
  const cut = {
    series: series.slice(0, count),
    dsSec: dsSec.slice(0, count),
    y: y.slice(0, count),
  };
  return { ...block, ...cut, count, rejected: [] };
}

/** Series that have a row, sorted; `order` maps a series of the file to its row, -1 = none. */
function rowsOf(
  ids: readonly string[],
  blocks: readonly SeriesRows[],
): { readonly order: Int32Array; readonly sorted: readonly string[] } {
  const seen = new Uint8Array(ids.length);
  for (const block of blocks) for (const one of block.series) seen[one] = 1;
  const present = [...seen.keys()].filter((one) => seen[one] === 1);
  present.sort((a, b) => (ids[a] < ids[b] ? -1 : 1));
  const order = new Int32Array(ids.length).fill(-1);
  present.forEach((one, row) => (order[one] = row));
  return { order, sorted: present.map((one) => ids[one]) };
}

interface Target {
  readonly order: Int32Array;
  readonly ids: readonly string[];
  readonly start: number;
  readonly stepSec: number;
  readonly length: number;
  readonly values: Float64Array;
}

function place(path: string, block: SeriesRows, target: Target): void {
  const { order, ids, start, stepSec, length, values } = target;
  for (let row = 0; row < block.count; row += 1) {
    const column = (block.dsSec[row] - start) / stepSec;
    if (!Number.isInteger(column)) {
      throw new DomainError(
        'INPUT_UNREADABLE',
        `input '${path}' has ds ${block.dsSec[row]}, which is not on a grid of ${stepSec} s`,
        { path },
      );
    }
    const at = order[block.series[row]] * length + column;
    if (!Number.isNaN(values[at]) && values[at] !== block.y[row]) {
      throw new DomainError(
        'INPUT_UNREADABLE',
        `input '${path}' has two values for '${ids[block.series[row]]}' at ${block.dsSec[row]}`,
        { path },
      );
    }
    values[at] = block.y[row];
  }
}
