// Installs what the end-to-end tests need: Debian packages when root, the broker's jars by Maven.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quietly } from './steps.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What must be there, and the Debian package that brings it. */
const NEEDS = [
  ['postgresql', () => existsSync('/usr/lib/postgresql')],
  ['redis-server', () => onPath('redis-server')],
  ['librdkafka-dev', () => existsSync('/usr/include/librdkafka/rdkafka.h')],
  ['chromium', () => onPath('chromium')],
  ['qemu-system-x86', () => onPath('qemu-system-x86_64')], // real migrations; skipped without
  ['gcc', () => onPath('gcc')],
  ['binutils', () => onPath('ld')],
  ['g++', () => onPath('g++')],
  ['make', () => onPath('make')],
  ['maven', () => onPath('mvn')],
  ['default-jre-headless', () => onPath('java')],
  ['util-linux', () => onPath('setpriv')],
  ['python3-venv', () => spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0],
];

function onPath(name) {
  return (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));
}

const missing = NEEDS.filter(([, there]) => !there()).map(([name]) => name);
if (missing.length > 0) {
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    console.error(
      `The tests need what is missing here: ${missing.join(', ')}. Remedy: sudo ${command}`,
    );
    process.exit(1);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await quietly('Reading the package lists', 'apt-get', ['update', '-qq'], { env });
  await quietly(`Installing ${missing.join(', ')}`, 'sh', ['-c', command], { env });
}

const jars = join(root, '.setup/kafka-broker');
if (!existsSync(jars) || !readdirSync(jars).some((name) => name.startsWith('kafka_2.13-'))) {
  await quietly(
    "Fetching the broker's jars",
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      'test/servers/kafka/pom.xml',
      'dependency:copy-dependencies',
      `-DoutputDirectory=${jars}`,
      '-DincludeScope=runtime',
    ],
    { cwd: root, env: process.env },
  );
}

const kafka = spawnSync(process.execPath, ['scripts/setup-kafka.mjs'], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(kafka.status ?? 1);
