// Formatter, linter, type check: any warning fails.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const folders = ['src', 'test', 'bench', 'web', 'scripts'].filter((name) => existsSync(name));
const steps = [
  [
    'formatter',
    'node_modules/prettier/bin/prettier.cjs',
    ['--check', ...folders, '--log-level', 'warn'],
  ],
  ['linter', 'node_modules/oxlint/bin/oxlint', ['--deny-warnings', ...folders]],
  ['type check', 'node_modules/typescript/bin/tsc', ['--noEmit', '-p', 'tsconfig.check.json']],
  ['type check of the page', 'node_modules/typescript/bin/tsc', ['-p', 'web/tsconfig.json']],
];
const fix = process.argv.includes('--fix');

let failed = 0;
for (const [name, file, args] of steps) {
  const effective = fix ? args.map((arg) => (arg === '--check' ? '--write' : arg)) : args;
  const { status } = spawnSync(process.execPath, [file, ...effective], { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name}: failed`);
    failed += 1;
  }
}
process.exit(failed === 0 ? 0 : 1);
