// Version 1 of the protocol with models from outside: histories and forecasts as Arrow IPC streams.
//
// docs/models/outside.md is its description; a change there or here is another version.
import {
  DataType,
  Field,
  FixedSizeList,
  Float64,
  Int32,
  makeData,
  makeVector,
  Precision,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  tableFromIPC,
  type Data,
  type Table,
} from 'apache-arrow';
import { quantileName } from '../../core';
import type { ForecastRequest } from '../forecaster';

export const OUTSIDE_PROTOCOL = '1';
const VERSION_KEY = 'slackwater.outside';

/** Histories that one process is asked about; only the columns before `request.end` are in them. */
export interface Question {
  readonly rowCount: number;
  readonly length: number;
  /** (rowCount, length), NaN = missing. */
  readonly values: Float64Array;
  readonly startSec: number;
  readonly stepSec: number;
  readonly seed: number;
  readonly request: Pick<ForecastRequest, 'seasonLength' | 'horizon' | 'levels' | 'bounds'>;
}

/** Forecasts as they came: lengths are right, values are not looked at. */
export interface Answer {
  /** Rows of the question, in the order of the answer. */
  readonly rows: Int32Array;
  /** (rows, horizon). */
  readonly mean: Float64Array;
  /** By level: (rows, horizon). */
  readonly quantiles: readonly Float64Array[];
}

/** One record batch: `row` int32, `y` fixed_size_list<float64>. O(cells). */
export function encodeQuestion(question: Question): Uint8Array {
  const { rowCount, length, values } = question;
  const row = makeVector(Int32Array.from({ length: rowCount }, (_, at) => at)).data[0];
  const child: Data<Float64> = makeVector(values).data[0];
  const list = new FixedSizeList(length, new Field('item', child.type, false));
  const y = makeData({ type: list, length: rowCount, nullCount: 0, child });
  const fields = [new Field('row', new Int32(), false), new Field('y', list, false)];
  const schema = new Schema(fields, new Map(Object.entries(metadataOf(question))));
  const type = new Struct(fields);
  const data = makeData({ type, length: rowCount, nullCount: 0, children: [row, y] });
  const writer = new RecordBatchStreamWriter();
  writer.write(new RecordBatch(schema, data));
  writer.finish();
  return writer.toUint8Array(true);
}

function metadataOf({ startSec, stepSec, seed, request }: Question): Record<string, string> {
  const { seasonLength, horizon, levels, bounds } = request;
  const lower = bounds?.lower ?? Number.NEGATIVE_INFINITY;
  const upper = bounds?.upper ?? Number.POSITIVE_INFINITY;
  return {
    [VERSION_KEY]: OUTSIDE_PROTOCOL,
    start_sec: String(startSec),
    step_sec: String(stepSec),
    season_length: String(seasonLength),
    horizon: String(horizon),
    levels: levels.join(','),
    quantile_columns: levels.map(quantileName).join(','),
    seed: String(seed),
    ...(Number.isFinite(lower) ? { lower: String(lower) } : {}),
    ...(Number.isFinite(upper) ? { upper: String(upper) } : {}),
  };
}

const ANSWER_SPARE_BYTES = 1 << 20; // schema, padding, offsets of many small batches

/** What an answer may weigh: twice its numbers, and what Arrow puts around them. */
export function answerBytesMax(rowCount: number, horizon: number, levelCount: number): number {
  return 2 * 8 * rowCount * horizon * (levelCount + 1) + ANSWER_SPARE_BYTES;
}

/**
 * Reads an answer of any number of record batches; a row may be absent or come twice. Refuses, naming
 * the column: not Arrow, another version, a missing column, another type or length, nulls, a cut batch.
 */
export function decodeAnswer(
  bytes: Uint8Array,
  { horizon, levels }: Pick<ForecastRequest, 'horizon' | 'levels'>,
): Answer | { readonly refused: string } {
  if (bytes.length === 0) return { refused: 'answered nothing' };
  try {
    const table = tableFromIPC(bytes);
    const version = table.schema.metadata.get(VERSION_KEY);
    if (version !== OUTSIDE_PROTOCOL) {
      const found = version === undefined ? 'no version' : `version '${version}'`;
      return refuse(`has ${found} in '${VERSION_KEY}'; '${OUTSIDE_PROTOCOL}' is accepted`);
    }
    const rows = rowColumn(table);
    if (typeof rows === 'string') return refuse(rows);
    const lists: Float64Array[] = [];
    for (const name of ['mean', ...levels.map(quantileName)]) {
      const list = listColumn(table, name, horizon);
      if (typeof list === 'string') return refuse(list);
      lists.push(list);
    }
    return { rows, mean: lists[0], quantiles: lists.slice(1) };
  } catch (error) {
    return refuse(`is no Arrow stream: ${(error as Error).message}`);
  }
}

function refuse(what: string): { readonly refused: string } {
  return { refused: `its answer ${what}` };
}

/** The values, or what is wrong with the column. */
function rowColumn(table: Table): Int32Array | string {
  const column = table.getChild('row');
  if (column === null) return "has no column 'row'";
  const type: DataType = column.type;
  // By its number: what is read back is of the class Int, not Int32.
  if (!DataType.isInt(type) || !type.isSigned || type.bitWidth !== 32) {
    return `has '${String(type)}' in 'row'; int32 is accepted`;
  }
  const rows = new Int32Array(table.numRows);
  let at = 0;
  for (const part of column.data as readonly Data<Int32>[]) {
    if (part.nullCount > 0) return "has nulls in 'row'";
    if (part.values.length < part.length) return "is cut in 'row'";
    rows.set(part.values.subarray(0, part.length), at);
    at += part.length;
  }
  return rows;
}

function listColumn(table: Table, name: string, horizon: number): Float64Array | string {
  const column = table.getChild(name);
  if (column === null) return `has no column '${name}'`;
  const type: DataType = column.type;
  const isList = DataType.isFixedSizeList(type) && type.listSize === horizon;
  const inner: DataType | undefined = isList ? type.children[0].type : undefined;
  if (inner === undefined || !DataType.isFloat(inner) || inner.precision !== Precision.DOUBLE) {
    return `has '${String(type)}' in '${name}'; FixedSizeList[${horizon}]<Float64> is accepted`;
  }
  const values = new Float64Array(table.numRows * horizon);
  let at = 0;
  for (const part of column.data as readonly Data<FixedSizeList<Float64>>[]) {
    const child = part.children[0];
    const cells = part.length * horizon;
    if (part.nullCount > 0 || child.nullCount > 0) {
      return `has nulls in '${name}'; leave a row out instead`;
    }
    if (child.values.length < cells) return `is cut in '${name}'`;
    values.set(child.values.subarray(0, cells), at);
    at += cells;
  }
  return values;
}
