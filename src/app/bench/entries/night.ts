// The real night on a generated fleet of stored segments: time, CPU, and memory by stage and part, checksum.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_TENANT } from '../../../core';
import { ARIMA, CLIMATOLOGY, USUAL_FLEET_MODELS } from '../../../models';
import { runNight, shardKey, type RunSummary } from '../../../predict';
import { countOf } from '../../commands/parse-options';
import { startProgress } from '../../progress';
import type { BenchEntry } from '../bench-entry';
import { verifyNight } from '../night/verify';
import { openBenchNight, type BenchNight, type NightOptions } from '../night/open-night';

/** Seconds of one core for a million VMs, hourly, 24 steps, that the design allows, and who spends them. */
const BUDGET: readonly (readonly [string, number, readonly string[]])[] = [
  ['read and features', 5, ['history', 'kernels.features']],
  ['arima: warm fits, a seventh searched again', 24, ['kernels.arima']],
  ['lstm int8', 30, ['kernels.lstm']],
  ['boosted', 6, ['kernels.boosted']],
  ['combine', 2, ['kernels.combine', 'kernels.rules']],
  ['windows', 10, ['kernels.windows', 'kernels.text']],
  ['write', 10, ['files', 'postgres']],
];
const MILLION = 1_000_000;
const USUAL = [CLIMATOLOGY, ARIMA, ...USUAL_FLEET_MODELS];

export const entry: BenchEntry = {
  name: 'night',
  register: (bench: Command): void => {
    bench
      .command('night')
      .description(
        'run a whole night on a generated fleet of stored segments, with PostgreSQL, and time it',
      )
      .option('--vms <count>', 'size of the fleet', countOf(1, 1_000_000), 1_000)
      .option('--step <seconds>', '3600: 24 steps; 300: 288 steps', '3600')
      .option('--days <count>', 'of history', countOf(3, 60), 28)
      .option('--workers <count>', 'shards in hand at once', countOf(1, 64), 2)
      .option('--shard-size <vms>', 'VMs worked on together', countOf(1, 16_384), 4_096)
      .option('--models <names>', 'members beside the baselines', USUAL.join(','))
      .option('--lstm', 'the LSTM too', false)
      .option('--verify <vms>', 'computed again by the reference', countOf(0, 100_000), 0)
      .option('--small', 'a size for tests', false)
      .option('-o, --output <format>', 'json', 'json')
      .action(benchNight);
  },
};

async function benchNight(given: NightOptions & { readonly small: boolean }): Promise<void> {
  const options = given.small ? { ...given, vms: 40, days: 6, verify: 5 } : given;
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-bench-'));
  let night: BenchNight | undefined;
  try {
    night = await openBenchNight(options, folder);
    process.stdout.write(`${JSON.stringify(await measured(night, options))}\n`);
  } finally {
    await night?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(night: BenchNight, options: NightOptions) {
  const { vms, workers } = options;
  const { meter, stopwatch, ports, request } = night;
  const stages: Record<string, { seconds: number; cpuSeconds: number }> = {};
  let stage = 'plan';
  let [since, cpuSince] = [performance.now(), meter.cpuSeconds()];
  const next = (name: string): void => {
    const [now, cpu] = [performance.now(), meter.cpuSeconds()];
    stages[stage] = { seconds: (now - since) / 1_000, cpuSeconds: cpu - cpuSince };
    [stage, since, cpuSince] = [name, now, cpu];
  };
  const progress = startProgress('Night', 100);
  meter.begin();
  const began = performance.now();
  const run = await runNight(request, ports, {
    workers,
    worker: { name: 'bench' },
    onProgress: (_, all) => {
      const current = all.find((one) => one.done < one.shards)?.stage ?? 'end';
      progress.update(20 * all.reduce((sum, one) => sum + one.done / one.shards, 0), current);
      if (current !== stage) next(current);
    },
  });
  const seconds = (performance.now() - began) / 1_000;
  const used = meter.end();
  next('ended');
  progress.end();
  const { backend, isa } = run.plan;
  const summary = run.summary as unknown as RunSummary;
  return {
    kernel: 'night',
    vms,
    step: Number(options.step),
    days: options.days,
    seconds,
    ...used,
    gcShare: used.gcSeconds / used.cpuSeconds,
    microsecondsPerVm: (used.cpuSeconds / vms) * 1e6,
    bytesPerVm: { read: night.bytes.read / vms, written: night.bytes.written / vms },
    stages,
    partSeconds: stopwatch.seconds,
    budget: budgetOf(stopwatch.seconds, vms),
    verified: await verifyNight(run, options.verify, night),
    documents: summary.documents,
    models: summary.models,
    backend,
    isa,
    checksum: await checksumOf(night, run.runId),
  };
}

/** Of the candidates: they determine every document. */
async function checksumOf({ ports }: BenchNight, runId: string): Promise<string> {
  const hash = createHash('sha256').update(DEFAULT_TENANT);
  for (const { shard } of await ports.ledger.shards(runId, 'forecast')) {
    hash.update(await ports.objects.get(shardKey(runId, 'candidates', shard)));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Seconds inside each part as they would be for a million VMs, waiting included, beside what is allowed. */
function budgetOf(seconds: Readonly<Record<string, number>>, vms: number) {
  return BUDGET.map(([part, allowed, spenders]) => {
    const spent = spenders.reduce((sum, name) => sum + (seconds[name] ?? 0), 0);
    return { part, allowed, ofAMillion: Number(((spent * MILLION) / vms).toPrecision(3)) };
  });
}
