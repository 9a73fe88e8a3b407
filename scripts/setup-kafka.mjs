// Builds node-rdkafka against the system's librdkafka: an optional peer, never part of the first run.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const VERSION = '3.6.1'; // the newest that was tried with librdkafka 2.0 to 2.6

if (existsSync(join(root, 'node_modules/node-rdkafka/build/Release/node-librdkafka.node'))) {
  process.exit(0);
}
const header = ['/usr/include/librdkafka/rdkafka.h', '/usr/local/include/librdkafka/rdkafka.h'];
if (!header.some((path) => existsSync(path))) {
  console.error('librdkafka is not here. Remedy: apt-get install librdkafka-dev (or its like).');
  process.exit(1);
}
// node-gyp would download Node's headers; most installations have them beside the binary.
const prefix = dirname(dirname(process.execPath));
const headers = existsSync(join(prefix, 'include/node/node.h'))
  ? { npm_config_nodedir: prefix }
  : {};
const started = performance.now();
const status = npm(
  root,
  [
    'install',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    `node-rdkafka@${VERSION}`,
  ],
  { ...headers, BUILD_LIBRDKAFKA: '0' },
);
if (status !== 0) process.exit(status);
const check = spawnSync(process.execPath, ['-e', "require('node-rdkafka')"], {
  cwd: root,
  stdio: 'inherit',
});
if (check.status !== 0) process.exit(1);
console.error(
  `node-rdkafka ${VERSION} built in ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
