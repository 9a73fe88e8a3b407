// Builds the service (swc), the addon (g++), and the page (vite). Plain Node, no shell.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  chmodSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const { transformFileSync } = await import('@swc/core');

const only = process.argv.slice(2);
const wants = (part) => only.length === 0 || only.includes(part);

function* sources(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* sources(path);
    else if (name.endsWith('.ts')) yield path;
  }
}

function buildService() {
  const out = join(root, 'dist');
  const kept = new Set();
  for (const path of sources(join(root, 'src'))) {
    const target = join(out, relative(join(root, 'src'), path)).replace(/\.ts$/, '.js');
    const { code } = transformFileSync(path, {
      jsc: {
        target: 'es2023',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
      },
      module: { type: 'commonjs' },
    });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
    kept.add(target);
  }
  prune(out, kept);
  const cli = join(out, 'cli.js');
  if (existsSync(cli)) chmodSync(cli, 0o755);
}

/** A module that was renamed must not go on answering from dist/. */
function prune(folder, kept) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) prune(path, kept);
    else if (path.endsWith('.js') && !kept.has(path)) rmSync(path);
  }
}

function run(file, args) {
  execFileSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
}

if (wants('service')) buildService();
if (wants('native') && existsSync(join(root, 'native/build.mjs'))) run('native/build.mjs', []);
if (wants('web') && existsSync(join(root, 'web/vite.config.mjs'))) {
  run('node_modules/vite/bin/vite.js', [
    'build',
    '--config',
    'web/vite.config.mjs',
    '--logLevel',
    'warn',
  ]);
}
