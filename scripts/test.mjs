// README line two: installs what the tests need, builds, and passes every test.
// Last line of the output: "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { readFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensurePackages, quietly } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const node = (args) =>
  spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    .status === 0;

await ensurePackages(root);
for (const script of ['scripts/setup-servers.mjs', 'scripts/setup-python.mjs']) {
  if (!node([script])) process.exit(1);
}
await quietly('Building', process.execPath, ['scripts/build.mjs'], { cwd: root });

const checks = [['formatter, linter, type check', node(['scripts/lint.mjs'])]];

const report = join(mkdtempSync(join(tmpdir(), 'slackwater-test-')), 'jest.json');
const heap = '--max-old-space-size=4096';
node([
  heap,
  'node_modules/jest/bin/jest.js',
  '--ci',
  '--json',
  `--outputFile=${report}`,
  ...process.argv.slice(2),
]);
const jest = JSON.parse(readFileSync(report, 'utf8'));

let passed = jest.numPassedTests;
let failed = jest.numFailedTests + jest.numRuntimeErrorTestSuites;
for (const [name, fine] of checks) {
  console.log(`${name}: ${fine ? 'passed' : 'failed'}`);
  if (fine) passed += 1;
  else failed += 1;
}
for (const suite of jest.testResults) {
  if (suite.status === 'failed') console.log(`failed: ${suite.name.replace(`${root}/`, '')}`);
}
console.log(`${passed} passed, ${failed} failed, ${jest.numPendingTests} skipped`);
process.exit(failed === 0 ? 0 : 1);
