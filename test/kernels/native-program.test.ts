// The C++ test program under the sanitizers, where a compiler is present.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const compiler = spawnSync('g++', ['--version'], { stdio: 'ignore' }).status === 0;

describe('the native kernels without Node', () => {
  (compiler ? it : it.skip)(
    'pass their own tests under the address and undefined-behaviour sanitizers',
    () => {
      const script = join(__dirname, '../../native/build.mjs');
      const run = spawnSync(process.execPath, [script, '--test'], { encoding: 'utf8' });
      expect(run.stderr).toBe('');
      expect(run.stdout).toMatch(/0 failed/);
      expect(run.status).toBe(0);
    },
    240_000,
  );
});
