// Files of series: CSV[.gz] and Parquet with unique_id,ds,y -> columns in float64.
import { createReadStream, existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import type { Readable } from 'node:stream';
import { DomainError } from '../../core';
import { CsvSeriesParser } from './csv-series-parser';
import type { SeriesRows } from './series-rows';

const CHUNK_BYTES = 4_194_304; // 4 MiB: some 190,000 rows at once

/**
 * Reads a file block by block. A malformed line is a reject with its number; the rest is kept.
 * Throws INPUT_UNREADABLE (no such file, no usable row), COLUMN_UNKNOWN (header).
 */
export async function* readSeriesFile(path: string): AsyncGenerator<SeriesRows> {
  if (!existsSync(path)) {
    throw new DomainError('INPUT_UNREADABLE', `input '${path}' does not exist`, { path });
  }
  const rows = path.endsWith('.parquet') ? readableParquet(path) : readCsv(path);
  let usable = 0;
  for await (const block of rows) {
    usable += block.count;
    yield block;
  }
  if (usable === 0) {
    throw new DomainError('INPUT_UNREADABLE', `input '${path}' has no usable row`, { path });
  }
}

async function* readCsv(path: string): AsyncGenerator<SeriesRows> {
  const parser = new CsvSeriesParser(path);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  const stream: Readable = path.endsWith('.gz')
    ? file.pipe(createGunzip({ chunkSize: CHUNK_BYTES }))
    : file;
  file.on('error', (error) => stream.destroy(error));
  try {
    for await (const chunk of stream) {
      const block = parser.push(chunk as Buffer);
      if (block.count > 0 || block.rejected.length > 0) yield block;
    }
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError(
      'INPUT_UNREADABLE',
      `input '${path}' breaks off: ${why}`,
      { path },
      { cause },
    );
  }
  const last = parser.end();
  if (last.count > 0 || last.rejected.length > 0) yield last;
}

/** Whatever the library says of the bytes is the input's fault. */
async function* readableParquet(path: string): AsyncGenerator<SeriesRows> {
  try {
    yield* readParquet(path);
  } catch (cause) {
    if (cause instanceof DomainError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `input '${path}' is no Parquet that can be read: ${why}`;
    throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
  }
}

/** Parquet through hyparquet; ds as epoch seconds, milliseconds (timestamps), or big integers. */
async function* readParquet(path: string): AsyncGenerator<SeriesRows> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } =
    await import('hyparquet');
  const { compressors } = await import('hyparquet-compressors'); // Zstandard is the default of Polars
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const columns = ['unique_id', 'ds', 'y'];
  const known = new Set(metadata.schema.map((element) => element.name));
  const missing = columns.find((name) => !known.has(name));
  if (missing !== undefined) {
    throw new DomainError('COLUMN_UNKNOWN', `input '${path}' has no column '${missing}'`, { path });
  }
  const ids: string[] = [];
  const positions = new Map<string, number>();
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    const range = { columns, rowStart, rowEnd };
    const objects = await parquetReadObjects({ file, metadata, compressors, ...range });
    const series = new Uint32Array(objects.length);
    const dsSec = new Float64Array(objects.length);
    const y = new Float64Array(objects.length);
    objects.forEach((row, index) => {
      const id = String(row.unique_id);
      let position = positions.get(id);
      if (position === undefined) {
        position = ids.length;
        positions.set(id, position);
        ids.push(id);
      }
      series[index] = position;
      dsSec[index] = row.ds instanceof Date ? row.ds.getTime() / 1_000 : Number(row.ds);
      y[index] = row.y === null || row.y === undefined ? Number.NaN : Number(row.y);
    });
    yield { count: objects.length, series, dsSec, y, firstLine: rowStart + 1, ids, rejected: [] };
    rowStart = rowEnd;
  }
}

/** The first bytes of a file, to tell formats apart. */
export async function headOf(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
