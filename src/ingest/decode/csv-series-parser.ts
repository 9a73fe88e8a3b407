// Bytes of a CSV `unique_id,ds,y` -> columns, without a string per row.
import { DomainError } from '../../core';
import { parseDecimal } from './parse-decimal';
import type { RejectedLine, SeriesRows } from './series-rows';

const COLUMNS = ['unique_id', 'ds', 'y'] as const;
const HEAD_BYTES = 256; // what quarantine keeps of a bad line
const BYTES_PER_ROW_MIN = 6; // "a,1,2\n": bounds the rows that a chunk can hold
const ID_BYTES_MAX = 200;
const REJECTS_MAX = 100_000; // a file of rubbish must not fill the memory with its own lines
const [NEWLINE, RETURN, COMMA, QUOTE] = [10, 13, 44, 34];

/** Push chunks, then end. Column order is free, further columns are ignored. */
export class CsvSeriesParser {
  private rest: Buffer = Buffer.alloc(0);
  private order: readonly number[] | undefined;
  private fieldCount = 0;
  private line = 0;
  private readonly ids: string[] = [];
  private readonly positions = new Map<string, number>();
  private lastId: Buffer = Buffer.alloc(0);
  private lastPosition = -1;
  private readonly starts = new Int32Array(64);
  private readonly ends = new Int32Array(64);

  constructor(private readonly path: string) {}

  push(chunk: Buffer): SeriesRows {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const lastNewline = bytes.lastIndexOf(NEWLINE);
    this.rest = bytes.subarray(lastNewline + 1);
    return this.parse(bytes, lastNewline + 1);
  }

  end(): SeriesRows {
    const bytes = this.rest;
    this.rest = Buffer.alloc(0);
    const closed = bytes.length === 0 ? bytes : Buffer.concat([bytes, Buffer.from('\n')]);
    return this.parse(closed, closed.length);
  }

  private parse(bytes: Buffer, until: number): SeriesRows {
    const capacity = Math.ceil(until / BYTES_PER_ROW_MIN);
    const series = new Uint32Array(capacity);
    const dsSec = new Float64Array(capacity);
    const y = new Float64Array(capacity);
    const rejected: RejectedLine[] = [];
    const firstLine = this.line + 1;
    let count = 0;
    let at = 0;
    while (at < until) {
      const end = bytes.indexOf(NEWLINE, at);
      const stop = end > at && bytes[end - 1] === RETURN ? end - 1 : end;
      if (this.order === undefined) {
        this.readHeader(bytes.toString('utf8', at, stop));
      } else if (stop > at) {
        this.line += 1;
        const reason = this.readRow(bytes, at, stop, count, series, dsSec, y);
        if (reason === undefined) count += 1;
        else if (rejected.length < REJECTS_MAX) rejected.push(this.reject(bytes, at, stop, reason));
      }
      at = end + 1;
    }
    return {
      count,
      series: series.subarray(0, count),
      dsSec: dsSec.subarray(0, count),
      y: y.subarray(0, count),
      firstLine,
      ids: this.ids,
      rejected,
    };
  }

  private readHeader(text: string): void {
    const names = text
      .replace(/^\uFEFF/, '')
      .split(',')
      .map((name) => name.trim().replace(/^"|"$/g, ''));
    this.order = COLUMNS.map((column) => {
      const position = names.indexOf(column);
      if (position < 0) {
        throw new DomainError(
          'COLUMN_UNKNOWN',
          `input '${this.path}' has the columns '${names.join(',').slice(0, 120)}', not '${column}'`,
          { path: this.path, column },
        );
      }
      return position;
    });
    this.fieldCount = names.length;
  }

  /** Fills row `row`; returns the reason when the line is no sample. */
  private readRow(
    bytes: Buffer,
    from: number,
    to: number,
    row: number,
    series: Uint32Array,
    dsSec: Float64Array,
    y: Float64Array,
  ): string | undefined {
    const { starts, ends } = this;
    let field = 0;
    let start = from;
    for (let i = from; i <= to; i += 1) {
      if (i === to || bytes[i] === COMMA) {
        if (field === 64) return 'more than 64 fields';
        starts[field] = start;
        ends[field] = i;
        field += 1;
        start = i + 1;
      }
    }
    if (field !== this.fieldCount) return `${field} fields instead of ${this.fieldCount}`;
    const [idField, dsField, yField] = this.order as readonly number[];
    const position = this.positionOf(bytes, starts[idField], ends[idField]);
    if (position < 0) return 'unique_id is empty or longer than 200 bytes';
    const ds = parseDecimal(bytes, starts[dsField], ends[dsField]);
    if (!(Math.abs(ds) < 1e11)) return 'ds is not epoch seconds';
    const value = parseDecimal(bytes, starts[yField], ends[yField]);
    if (Number.isNaN(value)) return 'y is not a number';
    series[row] = position;
    dsSec[row] = ds;
    y[row] = value;
    return undefined;
  }

  private positionOf(bytes: Buffer, from: number, to: number): number {
    let start = from;
    let end = to;
    if (end - start >= 2 && bytes[start] === QUOTE && bytes[end - 1] === QUOTE) {
      start += 1;
      end -= 1;
    }
    const length = end - start;
    if (length === 0 || length > ID_BYTES_MAX) return -1;
    if (length === this.lastId.length && bytes.compare(this.lastId, 0, length, start, end) === 0) {
      return this.lastPosition; // files are mostly sorted by series
    }
    const id = bytes.toString('utf8', start, end);
    let position = this.positions.get(id);
    if (position === undefined) {
      position = this.ids.length;
      this.ids.push(id);
      this.positions.set(id, position);
    }
    this.lastId = Buffer.from(bytes.subarray(start, end));
    this.lastPosition = position;
    return position;
  }

  private reject(bytes: Buffer, from: number, to: number, reason: string): RejectedLine {
    const head = Uint8Array.prototype.slice.call(bytes, from, Math.min(to, from + HEAD_BYTES));
    return { line: this.line, reason, head };
  }
}
