// Installs the Python packages that tests compare with, into .setup/python; again when the list changed.
// Without Python, or where nothing can be had, it says so and those tests are skipped; under CI it fails.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietly } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const list = join(root, 'test/python/requirements.txt');
const folder = join(root, '.setup/python');
const stamp = join(folder, 'installed.sha256');
const wanted = createHash('sha256').update(readFileSync(list)).digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
  try {
    await quietly('Making a Python environment', 'python3', ['-m', 'venv', folder], { cwd: root });
    await quietly(
      'Installing Python packages that tests compare with',
      join(folder, 'bin/python'),
      ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', list],
      { cwd: root },
    );
    writeFileSync(stamp, wanted);
  } catch (error) {
    console.error(`Tests that need Python packages will be skipped: ${error.message}`);
    process.exit(process.env.CI === undefined ? 0 : 1);
  }
}
