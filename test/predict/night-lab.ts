// A generated fleet, ingested, and the request for its night: for tests of one process.
import { memoryNight, type MemoryNight } from '../../src/app/files/memory-night';
import { ManualClock } from '../../src/core';
import {
  compactUntil,
  GeneratorSampleSource,
  ingestSamples,
  ROLLUP_SETTINGS,
} from '../../src/ingest';
import type { RunRequest } from '../../src/predict';

const DAY_MS = 86_400_000;
export const END_MS = Date.UTC(2026, 10, 24, 6);

export interface NightLab {
  readonly night: MemoryNight;
  readonly clock: ManualClock;
  readonly request: RunRequest;
}

export async function ingestedNight(vmCount: number, days = 5, compact = false): Promise<NightLab> {
  const clock = new ManualClock(END_MS);
  const night = memoryNight('auto', clock);
  const fleet = { fleet: { seed: 9, vmCount }, startMs: END_MS - days * DAY_MS, endMs: END_MS };
  const source = new GeneratorSampleSource(fleet);
  await ingestSamples(source, night.rollups, { settings: ROLLUP_SETTINGS, clock, partitions: [0] });
  if (compact) await compactUntil(night.rollups, night.objects, END_MS);
  const { backend, isa } = night.kernels.report();
  const request = {
    tenantId: 'north',
    timeZone: 'UTC',
    atMs: END_MS,
    shardSize: 3,
    backend,
    isa,
    codeVersion: '0',
  };
  return { night, clock, request };
}

/** The newest documents in the order of vmId; undefined where there is none. */
export function documentsOf(
  { windows }: MemoryNight,
  vmIds: readonly string[],
): Promise<readonly (string | undefined)[]> {
  return Promise.all(vmIds.map(async (vmId) => (await windows.document('north', vmId))?.text));
}
