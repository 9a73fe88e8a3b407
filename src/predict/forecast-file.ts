// One shard's forecasts as Arrow, laid out so that one VM's forecast is one ranged read.
import {
  Field,
  FixedSizeList,
  Float32,
  makeData,
  makeVector,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  tableFromIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { EpochMs } from '../core';
import type { ForecastBatch } from '../models';

export interface ForecastRows {
  readonly vmIds: readonly string[];
  readonly models: readonly string[];
  readonly startMs: EpochMs;
  readonly stepMs: number;
  readonly forecast: ForecastBatch;
}

/** Where row r lies in the file: bytes [bodyOffset + r rowBytes, ... + rowBytes). */
export interface ForecastIndex {
  readonly bodyOffset: number;
  readonly rowBytes: number;
  readonly levels: readonly number[];
  readonly horizon: number;
  readonly startMs: EpochMs;
  readonly stepMs: number;
}

/** One VM: mean and quantiles by step, cpuPct. */
export interface VmForecast {
  readonly startMs: EpochMs;
  readonly stepMs: number;
  readonly levels: readonly number[];
  readonly mean: Float32Array;
  /** In the order of levels. */
  readonly quantiles: readonly Float32Array[];
}

/**
 * Columns vm_id, model, values fixed_size_list<f32>[(1 + levels) x horizon]: the mean, then each
 * quantile, step by step. Metadata tell start, step, horizon, and levels.
 */
export function encodeForecasts(rows: ForecastRows): {
  readonly bytes: Uint8Array;
  readonly index: ForecastIndex;
} {
  const { forecast, startMs, stepMs, vmIds } = rows;
  const { horizon, levels, seriesCount } = forecast;
  const width = (1 + levels.length) * horizon;
  const values = new Float32Array(seriesCount * width);
  for (let row = 0; row < seriesCount; row += 1) {
    values.set(forecast.mean.subarray(row * horizon, (row + 1) * horizon), row * width);
    const from = row * levels.length * horizon;
    const quantiles = forecast.quantiles.subarray(from, from + levels.length * horizon);
    values.set(quantiles, row * width + horizon);
  }
  const list = new FixedSizeList(width, new Field('item', new Float32(), false));
  const text = (column: readonly string[]) =>
    column.length === 0
      ? makeData({ type: new Utf8(), length: 0, nullCount: 0 })
      : vectorFromArray([...column], new Utf8()).data[0];
  const fields = [
    new Field('vm_id', new Utf8(), false),
    new Field('model', new Utf8(), false),
    new Field('values', list, false),
  ];
  const metadata = new Map([
    ['startMs', String(startMs)],
    ['stepMs', String(stepMs)],
    ['horizon', String(horizon)],
    ['levels', JSON.stringify(levels)],
    ['values', 'mean, then each quantile of levels; horizon steps each; cpuPct'],
  ]);
  const child = makeVector(values).data[0];
  const data = makeData({
    type: new Struct(fields),
    length: seriesCount,
    nullCount: 0,
    children: [
      text(vmIds),
      text(rows.models),
      makeData({ type: list, length: seriesCount, nullCount: 0, child }),
    ],
  });
  const writer = new RecordBatchFileWriter();
  writer.write(new RecordBatch(new Schema(fields, metadata), data));
  writer.finish();
  const bytes = writer.toUint8Array(true);
  const index = {
    bodyOffset: seriesCount === 0 ? 0 : bodyOffsetOf(bytes),
    rowBytes: width * Float32Array.BYTES_PER_ELEMENT,
    levels,
    horizon,
    startMs,
    stepMs,
  };
  return { bytes, index };
}

/** The reader's view of the values starts where they lie in the file. */
function bodyOffsetOf(bytes: Uint8Array): number {
  const body = tableFromIPC(bytes).getChild('values')?.data[0].children[0].values as Float32Array;
  return body.byteOffset - bytes.byteOffset;
}

/** `bytes`: the ranged read of one row. */
export function decodeVmForecast(bytes: Uint8Array, index: ForecastIndex): VmForecast {
  const own = new Uint8Array(index.rowBytes);
  own.set(bytes);
  const values = new Float32Array(own.buffer);
  const { horizon, levels, startMs, stepMs } = index;
  const part = (at: number): Float32Array => values.subarray(at * horizon, (at + 1) * horizon);
  return {
    startMs,
    stepMs,
    levels,
    mean: part(0),
    quantiles: levels.map((_, level) => part(level + 1)),
  };
}

/** A whole shard file. */
export interface ForecastFile {
  readonly vmIds: readonly string[];
  readonly models: readonly string[];
  readonly levels: readonly number[];
  readonly horizon: number;
  /** (vms, 1 + levels, horizon): the mean, then each quantile. */
  readonly values: Float32Array;
}

export function readForecastFile(bytes: Uint8Array): ForecastFile {
  const table = tableFromIPC(bytes);
  const text = (name: string): string[] =>
    Array.from({ length: table.numRows }, (_, row) => String(table.getChild(name)?.get(row)));
  const list = table.getChild('values')?.data[0]?.children[0]?.values;
  return {
    vmIds: text('vm_id'),
    models: text('model'),
    levels: JSON.parse(table.schema.metadata.get('levels') ?? '[]') as number[],
    horizon: Number(table.schema.metadata.get('horizon')),
    values: (list ?? new Float32Array(0)) as Float32Array,
  };
}
