// The demo's work on a running system: a generated fleet, its samples, tonight, and what it gains.
import { bucketStart, DAY_MS, DomainError, HOUR_MS } from '../../core';
import {
  GENERATED_HOST,
  generatedHosts,
  generatedVm,
  GeneratorSampleSource,
  ingestSamples,
  ROLLUP_SETTINGS,
  type Fleet,
} from '../../ingest';
import type { Run, RunSummary } from '../../predict';
import type { System } from '../composition/system';
import { startProgress } from '../progress';
import { timed } from '../timed';
import { nightReport, type NightReport } from '../reports/night-report';

export interface DemoSettings {
  readonly vms: number;
  readonly days: number;
  readonly seed: number;
  readonly endMs?: number;
  /** Numbers of VMs that are described as this guest, not as they were generated. */
  readonly guests?: { readonly vmNumbers: readonly number[]; readonly size: GuestSize };
}

export interface GuestSize {
  readonly vcpus: number;
  readonly memoryBytes: number;
}

export interface DemoResult {
  readonly samples: number;
  readonly run: Run;
  readonly summary: RunSummary;
  readonly report: NightReport;
  readonly seconds: Readonly<Record<string, number>>;
}

const WAIT_MS = 50;
const LATE_HORIZON_MS = 25 * HOUR_MS; // younger days may still be corrected: they stay blocks

/** The fleet ends at the last full hour; what is there already is kept and topped up. */
export async function demoNight(system: System, settings: DemoSettings): Promise<DemoResult> {
  const seconds: Record<string, number> = {};
  const endMs = bucketStart(settings.endMs ?? system.clock.nowMs(), HOUR_MS);
  const samples = await timed(seconds, 'ingest', () => ingestFleet(system, settings, endMs));
  await timed(seconds, 'compact', () => system.compact(endMs - LATE_HORIZON_MS));
  const run = await timed(seconds, 'night', () => tonight(system, endMs));
  const summary = run.summary as unknown as RunSummary;
  const report = await timed(seconds, 'report', () =>
    nightReport(run, system.ports, system.windows),
  );
  return { samples, run, summary, report, seconds };
}

async function ingestFleet(system: System, settings: DemoSettings, endMs: number): Promise<number> {
  const fleet: Fleet = { seed: settings.seed, vmCount: settings.vms };
  const startMs = endMs - settings.days * DAY_MS;
  const { rollups } = system.ports.tenant(system.config.TENANT);
  const vms = Array.from({ length: fleet.vmCount }, (_, vm) => generatedVm(fleet, vm));
  const { guests } = settings;
  await rollups.describeVms(
    vms.map(({ loadClass: _, ...vm }, at) =>
      guests?.vmNumbers.includes(at) ? { ...vm, ...guests.size } : vm,
    ),
  );
  await system.plans.put(
    system.config.TENANT,
    'host',
    generatedHosts(fleet).map(({ host, cluster }) => ({
      id: host,
      record: { cluster, ...GENERATED_HOST },
    })),
  );
  const source = new GeneratorSampleSource({ fleet, startMs, endMs });
  const total = (settings.vms * (endMs - startMs)) / 60_000;
  const progress = startProgress(`Ingesting ${settings.vms} VMs x ${settings.days} days`, total);
  await ingestSamples(source, rollups, {
    settings: ROLLUP_SETTINGS,
    clock: system.clock,
    partitions: [0],
    onBatch: (received) => progress.update(received, `${received} samples`),
  });
  const counters = await rollups.counters();
  progress.end(`${counters.stored} samples stored`);
  return counters.stored;
}

async function tonight(system: System, atMs: number): Promise<Run> {
  const { ledger } = system.ports;
  const started = await system.startRun(system.config.TENANT, { atMs, again: true });
  const progress = startProgress('Forecasting tonight', 100);
  for (;;) {
    const stages = await ledger.progress(started.run.runId);
    const share = stages.reduce((sum, stage) => sum + stage.done / stage.shards, 0);
    progress.update(20 * share, stages.at(-1)?.stage ?? 'plan');
    const run = await ledger.run(started.run.runId);
    if (run?.status === 'published') {
      progress.end('published');
      return run;
    }
    if (run === undefined || run.status === 'failed') {
      throw new DomainError('INTERNAL', `the night failed: ${run?.failure ?? 'it is gone'}`);
    }
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  }
}
