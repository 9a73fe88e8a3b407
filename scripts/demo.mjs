// README line one: from a clean clone to the first windows. Needs Node, npm, and (for speed) g++.
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, quietly } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

try {
  await ensurePackages(root);
  await quietly(
    'Building the service, the kernels, and the page',
    process.execPath,
    ['scripts/build.mjs'],
    { cwd: root },
  );
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

const demo = spawn(process.execPath, ['dist/cli.js', 'demo', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
// A terminal sends Ctrl-C to the whole group: the demo stops in its own order, we wait for it.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (signal === 'SIGTERM') demo.kill(signal);
  });
}
demo.on('close', (code, signal) => process.exit(signal === null ? (code ?? 1) : 1));
