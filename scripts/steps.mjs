// What the first run, the tests, and the set-up scripts share: npm, progress, and honest exits.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PROGRESS_MS = 5_000; // one line every five seconds while a silent step runs

/** Runs npm to its end; returns its exit status. Never phones home. */
export function npm(root, args, environment = {}) {
  const { status } = spawnSync('npm', args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, SCARF_ANALYTICS: 'false', ...environment },
  });
  return status ?? 1;
}

/** Runs a command with a line of progress every five seconds; its output is shown only if it fails. */
export function quietly(title, command, args, options) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`${title} ...\n`);
  const ticker = setInterval(
    () => process.stderr.write(`${title} ... ${seconds()} s\n`),
    PROGRESS_MS,
  );
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(ticker);
      if (code === 0) {
        process.stderr.write(`${title}: ${seconds()} s\n`);
        resolve();
        return;
      }
      process.stderr.write(Buffer.concat(output));
      reject(new Error(`${title} failed with exit code ${code}`));
    });
  });
}

/** Installs the packages when package.json or the lock changed since the last time. */
export async function ensurePackages(root) {
  const stamp = join(root, 'node_modules/.slackwater-installed');
  const wanted = digestOf(root, ['package.json', 'package-lock.json']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  await quietly(
    'Installing npm packages',
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'],
    { cwd: root, env: { ...process.env, SCARF_ANALYTICS: 'false' } },
  );
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digestOf(root, ['package.json', 'package-lock.json']));
}

function digestOf(root, names) {
  const hash = createHash('sha256');
  for (const name of names) {
    if (existsSync(join(root, name))) hash.update(readFileSync(join(root, name)));
  }
  return hash.digest('hex');
}
