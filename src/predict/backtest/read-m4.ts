// The M4 competition's files: one ragged row of values per series, no instants.
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '../../core';
import type { Panel } from './panel';

/**
 * Column 0 is each series' first value; instants count steps. Throws INPUT_UNREADABLE naming
 * the file.
 */
export async function readM4(path: string): Promise<Panel> {
  const lines = (await textOf(path)).split('\n').slice(1);
  const rows: { readonly id: string; readonly values: readonly number[] }[] = [];
  for (const line of lines) {
    const fields = line.split(',').map((field) => field.trim().replaceAll('"', ''));
    const values = fields.slice(1).filter((field) => field !== '' && field !== 'NA');
    if (fields[0] === '' || values.length === 0) continue;
    const numbers = values.map(Number);
    if (!numbers.every(Number.isFinite)) {
      throw new DomainError(
        'INPUT_UNREADABLE',
        `'${path}': '${fields[0]}' has a value that is no number`,
      );
    }
    rows.push({ id: fields[0], values: numbers });
  }
  if (rows.length === 0) {
    throw new DomainError('INPUT_UNREADABLE', `input '${path}' has no usable row`, { path });
  }
  rows.sort((a, b) => (a.id < b.id ? -1 : 1));
  const length = Math.max(...rows.map((row) => row.values.length));
  const values = new Float64Array(rows.length * length).fill(Number.NaN);
  rows.forEach((row, index) => values.set(row.values, index * length));
  const ids = rows.map((row) => row.id);
  return { ids, start: 0, step: 1, length, values, rejectedLines: 0 };
}

async function textOf(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DomainError('INPUT_UNREADABLE', `input '${path}': ${why}`, { path }, { cause });
  }
}
