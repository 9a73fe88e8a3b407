// Every file of ./entries is one subcommand: adding a kernel is adding a file.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { BenchEntry } from './bench-entry';

const FOLDER = join(__dirname, 'entries');

/** In the order of their names. */
export function loadEntries(): readonly BenchEntry[] {
  return readdirSync(FOLDER)
    .filter((name) => /\.(?:js|ts)$/.test(name) && !name.endsWith('.d.ts'))
    .toSorted()
    .map((name) => {
      const loaded: { readonly entry?: BenchEntry } = require(join(FOLDER, name));
      if (loaded.entry === undefined) throw new TypeError(`bench/entries/${name} has no 'entry'`);
      return loaded.entry;
    });
}
