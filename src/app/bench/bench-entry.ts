// One kernel of `slackwater bench`: compared with the reference first, then timed.
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import type { Command } from 'commander';
import { DomainError } from '../../core';
import { ISAS, openKernels } from '../../kernels';
import type { BackendName, Isa, Kernels } from '../../kernels';

/** A file of ./entries exports one as `entry`; it adds its own subcommand. */
export interface BenchEntry {
  readonly name: string;
  register(bench: Command): void;
}

export interface BenchKernel {
  readonly name: string;
  /** What nsPerUnit counts, e.g. "series". */
  readonly unit: string;
  readonly describe: string;
  prepare(small: boolean, kernels: Kernels): Promise<BenchCase>;
}

export interface BenchCase {
  /** Units of one run. */
  readonly n: number;
  /** Compares with the reference; throws when the result is wrong. Nothing is timed before it passes. */
  check(): Promise<void>;
  /** One run on one thread; what it returns is hashed into the checksum. */
  run(): Promise<BenchResult>;
  /** Slower ways to the same, and other cases, in the same run: one core, one thread. */
  readonly beside?: readonly BenchPeer[];
}

export interface BenchPeer {
  readonly name: string;
  /** Units of one run. */
  readonly n: number;
  run(): Promise<unknown>;
}

export interface BenchResult {
  readonly values: Float64Array;
  /** Float32 multiply-adds of the run, where a share of the machine's peak has a meaning. */
  readonly multiplyAdds?: number;
}

export interface BenchLine {
  readonly kernel: string;
  readonly unit: string;
  /** CPU time of one core, median of the runs. */
  readonly nsPerUnit: number;
  /** Of the measured peak of one core; null where it has no meaning. */
  readonly machineShare: number | null;
  readonly backend: string;
  readonly isa: string;
  readonly n: number;
  readonly checksum: string;
  /** Where others are timed beside it: the CPU and its cores, and their nsPerUnit. */
  readonly machine?: string;
  readonly beside?: Readonly<Record<string, number>>;
}

const RUNS = 7; // odd, so that the median is a run
const PEER_RUNS = 3;

/** The usual subcommand: --small, --backend, --isa, -o. */
export function kernelEntry(kernel: BenchKernel): BenchEntry {
  const register = (bench: Command): void => {
    bench
      .command(kernel.name)
      .description(kernel.describe)
      .option('--small', 'a size for tests', false)
      .option('--backend <name>', 'auto, reference, native', 'auto')
      .option('--isa <name>', `at most ${ISAS.join(', ')}`)
      .option('-o, --output <format>', 'table, json, csv', 'table')
      .action(async (options: KernelOptions) => {
        const line = await measure(kernel, options.small, openNamed(options));
        process.stdout.write(`${formatLine(line, options.output)}\n`);
      });
  };
  return { name: kernel.name, register };
}

interface KernelOptions {
  readonly small: boolean;
  readonly backend: string;
  readonly isa?: string;
  readonly output: string;
}

function openNamed({ backend, isa }: KernelOptions): Kernels {
  const known: readonly string[] = ['auto', 'reference', 'native'];
  if (!known.includes(backend)) {
    const message = `backend '${backend}' is unknown; ${known.join(', ')} are accepted`;
    throw new DomainError('BACKEND_UNAVAILABLE', message);
  }
  if (isa !== undefined && !ISAS.some((name) => name === isa)) {
    const message = `instruction set '${isa}' is unknown; ${ISAS.join(', ')} are accepted`;
    throw new DomainError('BACKEND_UNAVAILABLE', message);
  }
  const pinned = isa === undefined ? {} : { isa: isa as Isa };
  return openKernels(backend as BackendName, { threads: 1, ...pinned });
}

/** Median CPU time of one core. Throws when the check fails or two runs differ in a bit. */
export async function measure(
  kernel: BenchKernel,
  small: boolean,
  kernels: Kernels,
): Promise<BenchLine> {
  const ready = await kernel.prepare(small, kernels);
  await ready.check();
  const peak = kernels.peakFmaPerSec();
  const seconds: number[] = [];
  let checksum: string | undefined;
  let multiplyAdds: number | undefined;
  for (let run = 0; run < RUNS; run += 1) {
    const { result, cpuSeconds } = await timed(ready.run);
    seconds.push(cpuSeconds);
    const now = checksumOf(result.values);
    if (checksum !== undefined && now !== checksum) {
      throw new DomainError('INTERNAL', `bench ${kernel.name}: two runs gave different bits`);
    }
    checksum = now;
    multiplyAdds = result.multiplyAdds;
  }
  const median = medianOf(seconds);
  const share =
    peak === undefined || multiplyAdds === undefined ? null : multiplyAdds / median / peak;
  const { backend, isa } = kernels.report();
  return {
    kernel: kernel.name,
    unit: kernel.unit,
    nsPerUnit: nsPer(median, ready.n),
    machineShare: share === null ? null : Number(share.toFixed(4)),
    backend,
    isa,
    n: ready.n,
    checksum: checksum ?? '',
    ...(ready.beside === undefined ? {} : await measureBeside(ready.beside)),
  };
}

async function measureBeside(
  peers: readonly BenchPeer[],
): Promise<Required<Pick<BenchLine, 'machine' | 'beside'>>> {
  const beside: Record<string, number> = {};
  for (const { name, n, run } of peers) {
    const seconds: number[] = [];
    for (let at = 0; at < PEER_RUNS; at += 1) seconds.push((await timed(run)).cpuSeconds);
    beside[name] = nsPer(medianOf(seconds), n);
  }
  const cores = cpus();
  return { machine: `${cores[0]?.model ?? 'unknown'} x ${cores.length}`, beside };
}

async function timed<T>(run: () => Promise<T>): Promise<{ result: T; cpuSeconds: number }> {
  const before = process.cpuUsage();
  const result = await run();
  const used = process.cpuUsage(before);
  return { result, cpuSeconds: (used.user + used.system) / 1e6 };
}

/** Of an odd number of runs. */
function medianOf(seconds: readonly number[]): number {
  return seconds.toSorted((a, b) => a - b)[(seconds.length - 1) / 2];
}

function nsPer(seconds: number, n: number): number {
  return Number(((seconds * 1e9) / n).toPrecision(4));
}

function checksumOf(values: Float64Array): string {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

function formatLine(line: BenchLine, output: string): string {
  if (output === 'json') return JSON.stringify(line);
  const { beside, ...own } = line;
  const all = { ...own, ...beside };
  const names = Object.keys(all);
  const values = Object.values(all).map((value) => String(value ?? ''));
  if (output === 'csv') return `${names.join(',')}\n${values.join(',')}`;
  const width = 1 + Math.max(13, ...names.map(({ length }) => length));
  return names.map((name, at) => `${name.padEnd(width)}${values[at]}`).join('\n');
}
