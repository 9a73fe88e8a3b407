// Flat columns as one Arrow IPC file: float64, float32, int32, or text, with metadata in the schema.
import {
  Field,
  FixedSizeList,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  tableFromIPC,
  Utf8,
  type Data,
  type DataType,
} from 'apache-arrow';
import type { TextColumn } from '../kernels';
import type { Column, ColumnTable } from './window-planner';

/** Any Arrow reader opens it. An empty table keeps its columns. O(bytes). */
export function encodeColumns(table: ColumnTable): Uint8Array {
  const { rowCount, columns, metadata = {} } = table;
  const names = Object.keys(columns);
  const children = names.map((name) => dataOf(columns[name], rowCount));
  const fields = names.map((name, at) => new Field(name, children[at].type, false));
  const schema = new Schema(fields, new Map(Object.entries(metadata)));
  const data = makeData({ type: new Struct(fields), length: rowCount, nullCount: 0, children });
  const writer = new RecordBatchFileWriter();
  writer.write(new RecordBatch(schema, data));
  writer.finish();
  return writer.toUint8Array(true);
}

/** Columns are views of `bytes`. */
export function decodeColumns(bytes: Uint8Array): ColumnTable {
  const table = tableFromIPC(bytes);
  const columns: Record<string, Column> = {};
  for (const { name, type } of table.schema.fields) {
    columns[name] = columnOf(type, table.getChild(name)?.data[0]);
  }
  const metadata = Object.fromEntries(table.schema.metadata);
  return { rowCount: table.numRows, columns, metadata };
}

function columnOf(type: DataType, data: Data | undefined): Column {
  if (type instanceof Utf8) {
    const offsets = (data?.valueOffsets as Int32Array | undefined) ?? new Int32Array(1);
    const text = (data?.values as Uint8Array | undefined) ?? new Uint8Array();
    return {
      bytes: text,
      offsets: new Uint32Array(offsets.buffer, offsets.byteOffset, offsets.length),
    };
  }
  if (type instanceof FixedSizeList) {
    const list = data?.children[0]?.values as Float64Array | undefined;
    const end = (data?.length ?? 0) * type.listSize; // Arrow pads buffers to 8 bytes
    return { list: list?.subarray(0, end) ?? new Float64Array(), width: type.listSize };
  }
  const values = data?.values as Float64Array | Float32Array | Int32Array | undefined;
  return values?.subarray(0, data?.length) ?? new Float64Array();
}

function dataOf(column: Column, length: number): Data {
  if (column instanceof Float64Array) return makeVector(column).data[0];
  if (column instanceof Float32Array) return makeVector(column).data[0];
  if (column instanceof Int32Array) return makeVector(column).data[0];
  if ('list' in column) {
    const child: Data = makeVector(column.list as Float64Array).data[0];
    const type = new FixedSizeList(column.width, new Field('item', child.type, false));
    return makeData({ type, length, nullCount: 0, child });
  }
  return textData(column, length);
}

function textData({ bytes, offsets }: TextColumn, length: number): Data<Utf8> {
  const valueOffsets = new Int32Array(offsets.buffer, offsets.byteOffset, length + 1);
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets, data: bytes });
}
