// Tests that ask Python packages: run where scripts/setup-python.mjs has installed them, else say so.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PYTHON = join(__dirname, '../.setup/python/bin/python');

/** `describe` with the interpreter that has test/python/requirements.txt; skipped without it. */
export function describeWithPython(name: string, body: (python: string) => void): void {
  if (existsSync(PYTHON)) describe(name, () => body(PYTHON));
  else describe.skip(`${name} (run scripts/setup-python.mjs first)`, () => body(PYTHON));
}

/** Runs a script of test/python and returns what it printed; throws with its errors. */
export function runPython(script: string, args: readonly string[]): string {
  const file = join(__dirname, 'python', script);
  const run = spawnSync(PYTHON, [file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (run.status !== 0) throw new Error(`${script} failed: ${run.stderr}`);
  return run.stdout;
}
