// `slackwater generate`: a fleet's samples as a file; the same formula that the demo ingests.
import { createGzip } from 'node:zlib';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import { bucketStart, DAY_MS, HOUR_MS, type EpochMs } from '../../core';
import {
  centiAt,
  generatedVm,
  GeneratorSampleSource,
  loadShape,
  parseFaults,
  vmIdAt,
  type Fleet,
} from '../../ingest';
import { writeWhole } from '../files/write-whole';
import { startProgress } from '../progress';
import { countOf, instantOf } from './parse-options';

interface GenerateOptions {
  readonly vms: number;
  readonly days: number;
  readonly seed: number;
  readonly end?: EpochMs;
  readonly out: string;
  readonly vmsOut?: string;
  readonly faults?: string;
}

const MINUTE_S = 60;
const ROWS_AT_ONCE = 1_440; // a day of one VM per string

export function registerGenerate(program: Command): void {
  program
    .command('generate')
    .description('write the samples of a made-up fleet: unique_id,ds,y at 60 s')
    .option('--vms <count>', 'size of the fleet', countOf(1, 1_000_000), 500)
    .option('--days <count>', 'days of history', countOf(1, 400), 28)
    .option('--seed <number>', 'of the fleet', countOf(0, 2 ** 31), 1)
    .option('--end <instant>', 'end of the samples; default the last full hour', instantOf)
    .requiredOption('--out <file>', 'CSV, or .csv.gz')
    .option('--vms-out <file>', 'CSV of what is known of each VM')
    .option(
      '--faults <shares>',
      'e.g. duplicate=.01,late=.01,outOfOrder=.02,nan=.001,reset=.001,gap=.02',
    )
    .action(generate);
}

async function generate(options: GenerateOptions): Promise<void> {
  const faults = options.faults === undefined ? undefined : parseFaults(options.faults);
  const fleet: Fleet = { seed: options.seed, vmCount: options.vms, faults };
  const endMs = options.end ?? bucketStart(Date.now(), HOUR_MS);
  const startMs = endMs - options.days * DAY_MS;
  const progress = startProgress('Generating', options.vms * options.days);
  const lines =
    faults === undefined
      ? vmMajorLines(fleet, startMs, endMs, progress.update)
      : arrivalLines(fleet, startMs, endMs);
  await writeWhole(options.out, options.out.endsWith('.gz') ? gzipped(lines) : lines);
  progress.end(options.out);
  if (options.vmsOut !== undefined) await writeWhole(options.vmsOut, vmLines(fleet));
}

async function* vmMajorLines(
  fleet: Fleet,
  startMs: EpochMs,
  endMs: EpochMs,
  onProgress: (done: number) => void,
): AsyncGenerator<string> {
  yield 'unique_id,ds,y\n';
  const [first, end] = [startMs / 60_000, endMs / 60_000];
  let done = 0;
  for (let vm = 0; vm < fleet.vmCount; vm += 1) {
    const [vmId, shape] = [vmIdAt(vm), loadShape(fleet, vm)];
    for (let from = first; from < end; from += ROWS_AT_ONCE) {
      let text = '';
      for (let minute = from; minute < Math.min(end, from + ROWS_AT_ONCE); minute += 1) {
        text += `${vmId},${minute * MINUTE_S},${centiAt(shape, minute) / 100}\n`;
      }
      yield text;
      onProgress((done += 1));
    }
  }
}

/** With faults the rows come in the order of their arrival. */
async function* arrivalLines(
  fleet: Fleet,
  startMs: EpochMs,
  endMs: EpochMs,
): AsyncGenerator<string> {
  yield 'unique_id,ds,y\n';
  const source = new GeneratorSampleSource({ fleet, startMs, endMs });
  await source.open([]);
  for (;;) {
    const batch = await source.read({ maxSamples: 100_000 });
    const columns = batch?.columns;
    let text = '';
    for (let at = 0; at < (columns?.count ?? 0); at += 1) {
      const { vm, vmNames, tsMs, cpuPct } = columns as NonNullable<typeof columns>;
      text += `${vmNames[vm[at]]},${tsMs[at] / 1_000},${cpuPct[at]}\n`;
    }
    yield text;
    if (batch === undefined || batch.ended) return;
  }
}

function* vmLines(fleet: Fleet): Generator<string> {
  yield 'unique_id,vcpus,memory_bytes,host,cluster,class\n';
  for (let vm = 0; vm < fleet.vmCount; vm += 1) {
    const { vmId, vcpus, memoryBytes, host, cluster, loadClass } = generatedVm(fleet, vm);
    yield `${vmId},${vcpus},${memoryBytes},${host},${cluster},${loadClass}\n`;
  }
}

function gzipped(lines: AsyncIterable<string>): AsyncIterable<Uint8Array> {
  return Readable.from(lines).pipe(createGzip({ level: 1 })) as AsyncIterable<Uint8Array>;
}
