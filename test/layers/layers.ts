// The layer table of docs/ARCHITECTURE.md, and the check of every import in src/ against it.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const STAGES = ['ingest', 'features', 'models', 'predict', 'migration'];

/** Folder -> folders that it may import. `adapters/*` is one folder per technology. */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  core: [],
  config: ['core'],
  kernels: ['core'],
  ingest: ['core', 'kernels'],
  features: ['core', 'kernels', 'ingest'],
  models: ['core', 'kernels'],
  predict: ['core', 'kernels', 'ingest', 'features', 'models'],
  migration: ['core', 'kernels', 'features', 'models', 'predict'],
  'adapters/*': ['core', ...STAGES],
  app: ['core', 'config', 'kernels', ...STAGES, 'adapters/*'],
};

/** Packages that only some folders may know. */
const KEPT_PACKAGES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^@nestjs\//, ['app', '.']],
  [/^(pg|typeorm|pg-copy-streams)$/, ['adapters/*']],
  [/^(bullmq|ioredis)$/, ['adapters/*']],
  [/^node-rdkafka$/, ['adapters/*']],
];

export interface SourceFile {
  /** Relative to src/, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: string;
}

export function readSources(root: string): readonly SourceFile[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((full) => ({ path: relative(root, full), text: readFileSync(full, 'utf8') }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Every specifier that a file imports, exports from, requires, or imports at run time. */
export function importsOf(file: SourceFile): readonly string[] {
  const seen = ts.preProcessFile(file.text, true, true).importedFiles.map((item) => item.fileName);
  const typeImports = [...file.text.matchAll(/\bimport\('([^']+)'\)/g)].map((match) => match[1]);
  return [...new Set([...seen, ...typeImports])];
}

/** "core", "adapters/kafka", or "." for main.ts, worker.ts, cli.ts. */
export function folderOf(path: string): string {
  const parts = path.split('/');
  if (parts.length === 1) return '.';
  return parts[0] === 'adapters' ? `adapters/${parts[1]}` : parts[0];
}

function rowOf(folder: string): string {
  return folder.startsWith('adapters/') ? 'adapters/*' : folder;
}

export function violations(files: readonly SourceFile[]): readonly Violation[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap((specifier) => {
      const rule = specifier.startsWith('.')
        ? insideRule(file.path, specifier)
        : packageRule(file.path, specifier);
      return rule === undefined ? [] : [{ from: file.path, to: specifier, rule }];
    }),
  );
}

function insideRule(path: string, specifier: string): string | undefined {
  const from = folderOf(path);
  const target = resolve('/', dirname(path), specifier).slice(1);
  const to = folderOf(target.includes('/') ? target : `${target}/index`);
  if (from === to || from === '.') return undefined;
  const allowed = LAYERS[rowOf(from)];
  if (allowed === undefined) return `${from} is not in the layer table`;
  if (!allowed.includes(rowOf(to))) return `${from} may not import ${to}`;
  if (target !== to && target !== `${to}/index`) return `${to} is imported past its index`;
  return undefined;
}

function packageRule(path: string, specifier: string): string | undefined {
  const row = rowOf(folderOf(path));
  const kept = KEPT_PACKAGES.find(([pattern]) => pattern.test(specifier));
  if (kept === undefined || kept[1].includes(row)) return undefined;
  return `${row} may not know ${specifier}`;
}
