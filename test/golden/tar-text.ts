// Text files out of a .tar.gz, for published results that are kept as they were published.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const BLOCK_BYTES = 512;

/** Name (last part) to text, of every plain file whose name `wanted` accepts. */
export function tarTexts(file: string, wanted: (name: string) => boolean): Map<string, string> {
  const bytes = gunzipSync(readFileSync(file));
  const texts = new Map<string, string>();
  let at = 0;
  while (at + BLOCK_BYTES <= bytes.length && bytes[at] !== 0) {
    const field = (from: number, length: number): string =>
      bytes
        .subarray(at + from, at + from + length)
        .toString('latin1')
        .replace(/\0.*$/, '');
    const sizeBytes = Number.parseInt(field(124, 12), 8);
    const name = field(0, 100).split('/').at(-1) ?? '';
    const from = at + BLOCK_BYTES;
    if (wanted(name)) texts.set(name, bytes.subarray(from, from + sizeBytes).toString('utf8'));
    at = from + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return texts;
}
