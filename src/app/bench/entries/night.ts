// The real night on a generated fleet of stored segments: seconds per stage, memory, checksum.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { LocalObjectStore } from '../../../adapters/object-store';
import { DAY_MS, DEFAULT_TENANT, FIVE_MINUTES_MS, HOUR_MS, ManualClock } from '../../../core';
import {
  centiAt,
  compactDay,
  generatedVm,
  loadShape,
  type Fleet,
  type SealedBlock,
} from '../../../ingest';
import { runNight } from '../../../predict';
import { countOf } from '../../commands/parse-options';
import { memoryNight, type MemoryNight } from '../../files/memory-night';
import { startProgress } from '../../progress';
import { CODE_VERSION } from '../../version';
import type { BenchEntry } from '../bench-entry';

interface NightOptions {
  readonly vms: number;
  readonly days: number;
  readonly workers: number;
}

const END_MS = Date.UTC(2026, 10, 24);
const ALL_SLOTS = 31;

export const entry: BenchEntry = {
  name: 'night',
  register: (bench: Command): void => {
    bench
      .command('night')
      .description(
        'run a whole night on a generated fleet: both resolutions, every model on every VM',
      )
      .option('--vms <count>', 'size of the fleet', countOf(1, 1_000_000), 1_000)
      .option('--days <count>', 'of history', countOf(3, 60), 28)
      .option('--workers <count>', 'shards in hand at once', countOf(1, 64), 2)
      .option('-o, --output <format>', 'json', 'json')
      .action(benchNight);
  },
};

async function benchNight({ vms, days, workers }: NightOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-bench-'));
  try {
    const night = memoryNight('auto', new ManualClock(END_MS), new LocalObjectStore(folder));
    await storeFleet(night, { seed: 1, vmCount: vms }, days);
    const before = process.cpuUsage();
    const began = performance.now();
    const seconds = await timedNight(night, workers);
    const { user, system } = process.cpuUsage(before);
    const line = {
      kernel: 'night',
      vms,
      days,
      seconds: { ...seconds, total: (performance.now() - began) / 1_000 },
      cpuSeconds: (user + system) / 1e6,
      rssPeakBytes: process.resourceUsage().maxRSS * 1_024,
      backend: night.kernels.report().backend,
      isa: night.kernels.report().isa,
      checksum: await checksumOf(night, vms),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Not timed: five-minute means of the fleet's formula, as daily segments on disk. */
async function storeFleet(night: MemoryNight, fleet: Fleet, days: number): Promise<void> {
  const { rollups, ports } = night;
  const vms = Array.from({ length: fleet.vmCount }, (_, vm) => generatedVm(fleet, vm));
  await rollups.describeVms(vms.map(({ loadClass: _, ...vm }) => vm));
  const shapes = vms.map((_, vm) => loadShape(fleet, vm));
  const { generation } = await rollups.acquire('bench', 0);
  const counters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };
  const progress = startProgress('Storing the fleet', days);
  for (let dayMs = END_MS - days * DAY_MS; dayMs < END_MS; dayMs += DAY_MS) {
    const blocks: SealedBlock[] = [];
    for (let startMs = dayMs; startMs < dayMs + DAY_MS; startMs += FIVE_MINUTES_MS) {
      const centi = Uint16Array.from(shapes, (shape) => centiAt(shape, startMs / 60_000));
      blocks.push({
        startMs,
        version: 1,
        vmIndex: Uint32Array.from(shapes, (_, vm) => vm),
        sumCenti: Uint32Array.from(centi, (value) => 5 * value),
        maxCenti: centi,
        slots: new Uint8Array(shapes.length).fill(ALL_SLOTS),
      });
    }
    const effects = {
      source: 'bench',
      partition: 0,
      generation,
      nextOffset: dayMs,
      blocks,
      counters,
    };
    await rollups.commit({ ...effects, openBlocks: [], quarantine: [] });
    await compactDay(rollups, ports.objects, dayMs);
    progress.update((dayMs - END_MS) / DAY_MS + days + 1);
  }
  progress.end(`${fleet.vmCount} VMs`);
}

async function timedNight(night: MemoryNight, workers: number): Promise<Record<string, number>> {
  const { backend, isa } = night.kernels.report();
  const seconds: Record<string, number> = {};
  let stage = '';
  let since = performance.now();
  const progress = startProgress('Night', 100);
  await runNight(
    {
      tenantId: DEFAULT_TENANT,
      timeZone: 'UTC',
      atMs: END_MS - (END_MS % HOUR_MS),
      shardSize: 256,
      backend,
      isa,
      codeVersion: CODE_VERSION,
    },
    night.ports,
    {
      workers,
      worker: { name: 'bench' },
      onProgress: (_, stages) => {
        const current = stages.find((one) => one.done < one.shards)?.stage ?? 'end';
        progress.update(20 * stages.reduce((sum, one) => sum + one.done / one.shards, 0), current);
        if (current === stage) return;
        if (stage !== '') seconds[stage] = (performance.now() - since) / 1_000;
        [stage, since] = [current, performance.now()];
      },
    },
  );
  progress.end();
  await night.ports.queue.close();
  return seconds;
}

async function checksumOf(night: MemoryNight, vms: number): Promise<string> {
  const run = await night.ledger.published(DEFAULT_TENANT);
  const hash = createHash('sha256');
  for (const vmId of await night.ledger.vmIds(run?.runId ?? '', 0, vms)) {
    hash.update((await night.windows.document(DEFAULT_TENANT, vmId))?.text ?? '');
  }
  return hash.digest('hex').slice(0, 16);
}
