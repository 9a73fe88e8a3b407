// Builds the addon with the system's g++ and the headers of node-api-headers; downloads nothing.
//   node native/build.mjs             native/build/slackwater.node (skipped when up to date)
//   node native/build.mjs --sanitize  native/build/slackwater-sanitize.node (ASan, UBSan)
//   node native/build.mjs --test      builds and runs native/test under the sanitizers, without Node
// Without a compiler: one line, exit 0; the reference serves.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'build');
const sanitize = process.argv.includes('--sanitize') || process.argv.includes('--test');
const test = process.argv.includes('--test');
const compiler = process.env.CXX ?? 'g++';

// Instruction sets by the end of a file's name; never -march=native: the build may run elsewhere.
// GCC 12 takes the undefined operands of its own AVX-512 intrinsics for a mistake of ours (GCC bug 105593).
const AVX512 = [
  ...['-mavx512f', '-mavx512dq', '-mavx512vl', '-mavx512bw', '-mfma', '-mprefer-vector-width=512'],
  ...['-Wno-uninitialized', '-Wno-maybe-uninitialized'],
];
const FLAGS = {
  '_avx512.cc': AVX512,
  '_vnni.cc': [...AVX512, '-mavx512vnni'],
  '_amx.cc': [...AVX512, '-mavx512vnni', '-mamx-tile', '-mamx-int8'],
  '_avx2.cc': ['-mavx2', '-mfma'],
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

/** Paths below native/, sorted: every source and header, whatever its family's folder. */
function files() {
  return readdirSync(here, { recursive: true })
    .filter((name) => /\.(h|cc|mjs)$/.test(name) && !name.startsWith('build/'))
    .toSorted();
}

function digest(all) {
  const hash = createHash('sha256');
  hash.update(spawnSync(compiler, ['--version'], { encoding: 'utf8' }).stdout);
  for (const path of all) hash.update(path).update(readFileSync(join(here, path)));
  return hash.digest('hex');
}

function flagsOf(name) {
  const suffix = Object.keys(FLAGS).find((one) => name.endsWith(one));
  return suffix === undefined ? [] : FLAGS[suffix];
}

function compile(source, object, flags) {
  return new Promise((resolve, reject) => {
    const child = spawn(compiler, [...flags, '-c', source, '-o', object], { stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`${compiler} failed on ${source}`))));
  });
}

/** Objects of all sources; one that was made from the same bytes and flags is used again. */
async function compileAll(sources, all, objects, include) {
  const headersOf = digest(all.filter((path) => !path.endsWith('.cc')));
  const made = sources.map((source) => {
    const own = createHash('sha256').update(headersOf).update(readFileSync(join(here, source)));
    return join(objects, `${source.replaceAll('/', '-')}.${own.digest('hex').slice(0, 16)}.o`);
  });
  const open = sources.map((_, at) => at).filter((at) => !existsSync(made[at]));
  const extra = [...(sanitize ? SANITIZE : []), `-I${here}`, ...(include === undefined ? [] : [`-I${include}`])];
  const work = async () => {
    for (let at = open.shift(); at !== undefined; at = open.shift()) {
      const partial = `${made[at]}.${process.pid}`;
      await compile(join(here, sources[at]), partial, [...COMMON, ...extra, ...flagsOf(sources[at])]);
      renameSync(partial, made[at]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const kept = new Set(made);
  for (const name of readdirSync(objects)) {
    if (name.endsWith('.o') && !kept.has(join(objects, name))) rmSync(join(objects, name), { force: true });
  }
  return made;
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
  const all = files();
  const isTest = (path) => path.startsWith('test/');
  // A program of tests has its own main and calls the C ABI: neither Node nor the faces for it.
  const faces = (path) => path === 'addon.cc' || path.endsWith('_call.cc');
  const sources = all.filter((path) => path.endsWith('.cc') && (test ? !faces(path) : !isTest(path)));
  const name = test ? 'native-test' : sanitize ? 'slackwater-sanitize.node' : 'slackwater.node';
  const target = join(out, name);
  const stamp = `${target}.sha256`;
  const wanted = digest(all);
  if (!existsSync(target) || !existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    const objects = join(out, test ? 'test' : sanitize ? 'sanitize' : 'release');
    mkdirSync(objects, { recursive: true });
    const made = await compileAll(sources, all, objects, include);
    const shared = test ? [] : ['-shared'];
    const partial = `${target}.${process.pid}`;
    const link = spawnSync(compiler, [...shared, ...(sanitize ? SANITIZE : ['-O2']), ...made, '-lpthread', '-o', partial], { stdio: 'inherit' });
    if (link.status !== 0) throw new Error(`${compiler} could not link ${name}`);
    renameSync(partial, target);
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
