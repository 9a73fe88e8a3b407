// Runs of migrations as CSV: the columns by name, empty = unknown, a fault named by line and column.
import { DomainError } from '../../../core';

export const RUN_MODES = ['precopy', 'autoconverge', 'postcopy', 'hybrid', 'stopcopy'] as const;
export type RunMode = (typeof RUN_MODES)[number];

/** What was known before a migration began; undefined = unknown. */
export interface RunInput {
  readonly runId: string;
  readonly set: string;
  readonly hypervisor: string;
  readonly mode: RunMode;
  readonly scenario: string;
  readonly compression: string;
  readonly hostPair: string;
  readonly vmId: string;
  readonly memoryBytes?: number;
  readonly usedBytes?: number;
  readonly vcpus?: number;
  readonly bandwidth?: number;
  readonly link?: number;
  readonly dirtyRate?: number;
  readonly limitMs?: number;
  readonly cpuPct?: number;
  /** Migrations on the link at once, itself included. */
  readonly parallel?: number;
  readonly startedAtMs?: number;
}

/** What it really cost; undefined = unknown, never 0 (`downtime_ms` and `total_time_ms` of 0 too). */
export interface RunOutcome {
  readonly completed: boolean;
  readonly totalTimeMs?: number;
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
}

export interface RunRow {
  readonly input: RunInput;
  readonly outcome?: RunOutcome;
}

/** Cells of one CSV line; quotes as RFC 4180 has them, without line breaks inside. */
function cellsOf(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const cells: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  for (;;) {
    const match = cell.exec(line);
    if (match === null) return [...cells, line.slice(cell.lastIndex)];
    cells.push(match[1] === undefined ? match[2] : match[1].replaceAll('""', '"'));
    if (match[3] === '') return cells;
  }
}

function fault(path: string, line: number, column: string, says: string): DomainError {
  return new DomainError('REQUEST_INVALID', `'${path}' line ${line}, column '${column}': ${says}`, {
    path,
    line,
    column,
  });
}

/** Reads one row's cells by column name. */
class RowReader {
  constructor(
    private readonly path: string,
    private readonly line: number,
    private readonly columns: ReadonlyMap<string, number>,
    private readonly cells: readonly string[],
  ) {}

  text(column: string): string {
    const at = this.columns.get(column);
    return at === undefined ? '' : this.cells[at].trim();
  }

  /** undefined where empty; throws where it is no finite number >= `least` (> 0 if `positive`). */
  number(column: string, positive = false): number | undefined {
    const text = this.text(column);
    if (text === '') return undefined;
    const value = Number(text);
    if (!Number.isFinite(value) || value < 0 || (positive && value === 0)) {
      const says = `'${text}' is not a finite number ${positive ? '> 0' : '>= 0'}`;
      throw fault(this.path, this.line, column, says);
    }
    return value;
  }

  mode(): RunMode {
    const text = this.text('mode') || 'precopy';
    const mode = RUN_MODES.find((known) => known === text);
    if (mode === undefined) {
      throw fault(this.path, this.line, 'mode', `'${text}' is none of ${RUN_MODES.join(', ')}`);
    }
    return mode;
  }
}

function inputOf(row: RowReader): RunInput {
  return {
    runId: row.text('run_id'),
    set: row.text('set'),
    hypervisor: row.text('hypervisor'),
    mode: row.mode(),
    scenario: row.text('scenario'),
    compression: row.text('compression') || 'none',
    hostPair: row.text('host_pair'),
    vmId: row.text('vm_id'),
    memoryBytes: row.number('vm_memory_bytes', true),
    usedBytes: row.number('used_memory_bytes'),
    vcpus: row.number('vcpus', true),
    bandwidth: row.number('bandwidth_bytes_per_sec', true),
    link: row.number('link_bytes_per_sec', true),
    dirtyRate: row.number('dirty_rate_bytes_per_sec'),
    limitMs: row.number('downtime_limit_ms'),
    cpuPct: row.number('cpu_pct_before'),
    parallel: row.number('parallel', true),
    startedAtMs: row.number('started_at_ms'),
  };
}

function outcomeOf(row: RowReader): RunOutcome {
  const known = (column: string): number | undefined => row.number(column) || undefined;
  return {
    completed: row.text('status') === 'completed',
    totalTimeMs: known('total_time_ms'),
    downtimeMs: known('downtime_ms'),
    bytesSent: known('bytes_sent'),
  };
}

/** Rows of `text` in order; outcomes are not even looked at without `outcomes`. O(text). */
export function parseRuns(path: string, text: string, outcomes: boolean): RunRow[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const header = cellsOf(lines[0]).map((name) => name.trim());
  if (!header.includes('run_id')) throw fault(path, 1, 'run_id', 'the header lacks it');
  const columns = new Map(header.map((name, at) => [name, at]));
  const rows: RunRow[] = [];
  for (let i = 1; i < lines.length; i += 1) {
    if (lines[i].trim() === '') continue;
    const cells = cellsOf(lines[i]);
    if (cells.length !== header.length) {
      const column = header[Math.min(cells.length, header.length - 1)];
      throw fault(path, i + 1, column, `${cells.length} cells, the header has ${header.length}`);
    }
    const row = new RowReader(path, i + 1, columns, cells);
    rows.push({ input: inputOf(row), outcome: outcomes ? outcomeOf(row) : undefined });
  }
  return rows;
}
