// Flat columns as one Arrow IPC file: float64, float32, int32, or text, with metadata in the schema.
import {
  Float32,
  Float64,
  Int32,
  makeVector,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Field,
  makeData,
  Struct,
  tableFromIPC,
  Utf8,
  vectorFromArray,
  type Data,
} from 'apache-arrow';
import type { ColumnTable } from './window-planner';

type Column = Float64Array | Float32Array | Int32Array | readonly string[];

/** Any Arrow reader opens it. An empty table keeps its columns. */
export function encodeColumns(
  table: ColumnTable,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const names = Object.keys(table.columns);
  const children = names.map((name) => dataOf(table.columns[name]));
  const fields = names.map((name, at) => new Field(name, children[at].type, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const data = makeData({
    type: new Struct(fields),
    length: table.rowCount,
    nullCount: 0,
    children,
  });
  const writer = new RecordBatchFileWriter();
  writer.write(new RecordBatch(schema, data));
  writer.finish();
  return writer.toUint8Array(true);
}

export interface ColumnFile extends ColumnTable {
  readonly metadata: ReadonlyMap<string, string>;
}

/** Typed columns are views of `bytes`. */
export function decodeColumns(bytes: Uint8Array): ColumnFile {
  const table = tableFromIPC(bytes);
  const columns: Record<string, Column> = {};
  for (const field of table.schema.fields) {
    const vector = table.getChild(field.name);
    const isText = field.type instanceof Utf8;
    columns[field.name] = isText
      ? Array.from({ length: table.numRows }, (_, row) => String(vector?.get(row)))
      : ((vector?.toArray() ?? new Float64Array(0)) as Exclude<Column, readonly string[]>);
  }
  return { rowCount: table.numRows, columns, metadata: table.schema.metadata };
}

function dataOf(column: Column): Data<Float64 | Float32 | Int32 | Utf8> {
  if (column instanceof Float64Array) return makeVector(column).data[0];
  if (column instanceof Float32Array) return makeVector(column).data[0];
  if (column instanceof Int32Array) return makeVector(column).data[0];
  return column.length === 0
    ? makeData({ type: new Utf8(), length: 0, nullCount: 0 })
    : vectorFromArray([...column], new Utf8()).data[0];
}
