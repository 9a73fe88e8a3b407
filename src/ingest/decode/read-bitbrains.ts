// The GWA-T-12 Bitbrains traces as published: one file per VM, ";<TAB>", eleven columns.
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DomainError } from '../../core';
import type { VmRecord } from '../rollup-store';
import { headOf } from './read-series-file';
import type { RejectedLine, SeriesRows } from './series-rows';

/** Begins every file; its timestamps are UNIX seconds all the same. */
export const BITBRAINS_HEAD = 'Timestamp [ms];\tCPU cores;';

const STEP_S = 300;
const TAR_BLOCK_BYTES = 512;
const KIB = 1_024;
const HEAD_BYTES = 256;
const [TIMESTAMP, CORES, USAGE_PCT, MEMORY_KB] = [0, 1, 4, 5];

export type VmSpec = Omit<VmRecord, 'vmIndex'>;

/** A folder, an archive, or a file that begins as the published ones do. */
export async function isBitbrains(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined); // readers say that it is missing
  if (found === undefined) return false;
  if (found.isDirectory() || path.endsWith('.tar.gz') || path.endsWith('.tgz')) return true;
  if (!path.endsWith('.csv')) return false;
  return (await headOf(path, BITBRAINS_HEAD.length)).toString('latin1') === BITBRAINS_HEAD;
}

/** The files of a folder, of a .tar.gz, or the one file; each once, by name. */
async function* bitbrainsFiles(path: string): AsyncGenerator<{ name: string; text: string }> {
  if (path.endsWith('.tar.gz') || path.endsWith('.tgz')) {
    for (const { name, bytes } of tarEntries(gunzipSync(await readFile(path)))) {
      if (name.endsWith('.csv')) yield { name, text: bytes.toString('latin1') };
    }
    return;
  }
  if (path.endsWith('.csv')) {
    yield { name: path, text: await readFile(path, 'latin1') };
    return;
  }
  for (const name of (await readdir(path)).toSorted()) {
    if (name.endsWith('.csv')) yield { name, text: await readFile(join(path, name), 'latin1') };
  }
}

/** Regular files of a ustar archive (POSIX.1-1988): a header block, then the content in blocks. */
function* tarEntries(archive: Buffer): Generator<{ name: string; bytes: Buffer }> {
  for (let at = 0; at + TAR_BLOCK_BYTES <= archive.length;) {
    const field = (from: number, length: number): string =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const name = field(0, 100);
    if (name === '') return;
    const size = Number.parseInt(field(124, 12), 8);
    const isFile = ['', '0'].includes(field(156, 1));
    const content = at + TAR_BLOCK_BYTES;
    if (isFile) yield { name, bytes: archive.subarray(content, content + size) };
    at = content + Math.ceil(size / TAR_BLOCK_BYTES) * TAR_BLOCK_BYTES;
  }
}

/**
 * One block per VM; its id is the file's name without ".csv". Instants go to the nearest 300 s,
 * since the collector's jitter is a second; repeated and interleaved rows stay, the first of a
 * bucket counts. A malformed line is a reject. `specs` gains vCPUs and memory of each VM.
 */
export async function* readBitbrains(
  path: string,
  specs: Map<string, VmSpec>,
): AsyncGenerator<SeriesRows> {
  const ids: string[] = [];
  let usable = 0;
  for await (const { name, text } of bitbrainsFiles(path)) {
    const id = basename(name, '.csv');
    ids.push(id);
    const rows = parseVm(text, id, ids, specs);
    usable += rows.count;
    yield rows;
  }
  if (usable === 0) {
    throw new DomainError('INPUT_UNREADABLE', `input '${path}' has no usable row`, { path });
  }
}

function parseVm(
  text: string,
  id: string,
  ids: readonly string[],
  specs: Map<string, VmSpec>,
): SeriesRows {
  const lines = text.split('\n').slice(1);
  const dsSec = new Float64Array(lines.length);
  const y = new Float64Array(lines.length);
  const rejected: RejectedLine[] = [];
  let count = 0;
  lines.forEach((line, index) => {
    if (line.trim() === '') return;
    const cells = line.split(';').map((cell) => cell.trim());
    const seconds = Number(cells[TIMESTAMP]);
    const pct = Number(cells[USAGE_PCT]);
    const number = index + 1;
    if (cells.length !== 11 || !(seconds > 0) || Number.isNaN(pct)) {
      const head = Buffer.from(line.slice(0, HEAD_BYTES), 'latin1');
      rejected.push({ line: number, reason: `${id}: not eleven numbers`, head });
      return;
    }
    dsSec[count] = Math.round(seconds / STEP_S) * STEP_S;
    y[count] = pct;
    count += 1;
    specs.set(id, {
      vmId: id,
      vcpus: Number(cells[CORES]),
      memoryBytes: Math.round(Number(cells[MEMORY_KB]) * KIB),
    });
  });
  return {
    count,
    series: new Uint32Array(count).fill(ids.length - 1),
    dsSec: dsSec.subarray(0, count),
    y: y.subarray(0, count),
    firstLine: 1,
    ids,
    rejected,
  };
}
