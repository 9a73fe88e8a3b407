// Builds the addon with the system's g++ and the headers of node-api-headers; downloads nothing.
//   node native/build.mjs             native/build/slackwater.node (skipped when up to date)
//   node native/build.mjs --sanitize  native/build/slackwater-sanitize.node (ASan, UBSan)
//   node native/build.mjs --test      builds and runs native/test under the sanitizers, without Node
// Without a compiler: one line, exit 0; the reference serves.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build');
const sanitize = process.argv.includes('--sanitize') || process.argv.includes('--test');
const test = process.argv.includes('--test');
const compiler = process.env.CXX ?? 'g++';

// Per-file instruction sets; never -march=native: the build may run elsewhere.
const FLAGS = {
  'arima_avx512.cc': ['-mavx512f', '-mavx512dq', '-mavx512vl', '-mfma', '-mprefer-vector-width=512'],
  'arima_avx2.cc': ['-mavx2', '-mfma'],
};
const COMMON = ['-std=c++17', '-O3', '-ffp-contract=off', '-fPIC', '-fno-math-errno', '-Wall', '-Wextra', '-Wno-psabi', '-fvisibility=hidden'];
const SANITIZE = ['-g', '-O1', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

function headers() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return undefined;
  }
}

function digest(sources) {
  const hash = createHash('sha256');
  hash.update(spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout);
  const all = [...readdirSync(here).filter((name) => /\.(h|cc|mjs)$/.test(name)).map((name) => join(here, name)), ...sources];
  for (const path of [...new Set(all)].toSorted()) hash.update(readFileSync(path));
  return hash.digest('hex');
}

function compile(source, object, flags) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, [...flags, '-c', source, '-o', object], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${compiler} failed on ${source}`))));
  });
}

async function build() {
  if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.log(`No C++ compiler (${compiler}): the plain TypeScript kernels will serve.`);
    return 0;
  }
  const include = test ? undefined : headers();
  if (!test && include === undefined) {
    console.log('node-api-headers is not installed: the plain TypeScript kernels will serve.');
    return 0;
  }
  const kernels = readdirSync(here).filter((name) => name.endsWith('.cc') && (!test || name !== 'addon.cc'));
  const tests = test ? readdirSync(join(here, 'test')).filter((name) => name.endsWith('.cc')) : [];
  const sources = [...kernels.map((name) => join(here, name)), ...tests.map((name) => join(here, 'test', name))];
  const name = test ? 'native-test' : sanitize ? 'slackwater-sanitize.node' : 'slackwater.node';
  const target = join(out, name);
  const stamp = `${target}.sha256`;
  const wanted = digest(sources);
  if (!existsSync(target) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const objects = join(out, test ? 'test' : sanitize ? 'sanitize' : 'release');
    mkdirSync(objects, { recursive: true });
    const made = sources.map((source) => join(objects, `${source.slice(here.length + 1).replaceAll('/', '-')}.${process.pid}.o`));
    await Promise.all(sources.map((source, at) => {
      const own = FLAGS[source.slice(here.length + 1)] ?? [];
      const extra = [...(sanitize ? SANITIZE : []), `-I${here}`, ...(include === undefined ? [] : [`-I${include}`])];
      return compile(source, made[at], [...COMMON, ...extra, ...own]);
    }));
    const shared = test ? [] : ['-shared'];
    const partial = `${target}.${process.pid}`;
    const link = spawnSync(compiler, [...shared, ...(sanitize ? SANITIZE : ['-O2']), ...made, '-lpthread', '-o', partial], { stdio: 'inherit' });
    if (link.status !== 0) throw new Error(`${compiler} could not link ${name}`);
    renameSync(partial, target);
    for (const object of made) rmSync(object);
    writeFileSync(stamp, wanted);
  }
  return test ? (spawnSync(target, { stdio: 'inherit' }).status ?? 1) : 0;
}

try {
  process.exitCode = await build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
