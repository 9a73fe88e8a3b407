// A small generated fleet, ingested into memory: what several ingest tests begin with.
import { MemoryObjectStore, MemoryRollupStore } from '../../src/adapters/embedded';
import { ManualClock, type EpochMs } from '../../src/core';
import {
  GeneratorSampleSource,
  ingestSamples,
  ROLLUP_SETTINGS,
  type Fleet,
  type IngestCounters,
} from '../../src/ingest';

export const LAB_START_MS = Date.UTC(2024, 4, 6); // a Monday

export interface FleetLab {
  readonly store: MemoryRollupStore;
  readonly objects: MemoryObjectStore;
  readonly counters: IngestCounters;
}

export async function ingestFleet(
  fleet: Fleet,
  startMs: EpochMs,
  endMs: EpochMs,
  store = new MemoryRollupStore(),
): Promise<FleetLab> {
  const counters = await ingestSamples(
    new GeneratorSampleSource({ fleet, startMs, endMs }),
    store,
    {
      settings: ROLLUP_SETTINGS,
      clock: new ManualClock(endMs),
      partitions: [0],
    },
  );
  return { store, objects: new MemoryObjectStore(), counters };
}
