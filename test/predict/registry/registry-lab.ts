// A small fleet with a rhythm on ports in memory, 28 days, and a registry beside it: for tests of one process.
import { MemoryModelRegistry, MemoryObjectStore } from '../../../src/adapters/embedded';
import { ManualClock, normal, type SeriesBatch } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import type { HistoryReader } from '../../../src/features';
import type { RollupStore } from '../../../src/ingest';
import type { RegistryPorts, TrainingRequest } from '../../../src/predict';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
export const END_MS = Date.UTC(2026, 10, 24);
const VMS = 6;

export interface RegistryLab extends RegistryPorts {
  readonly registry: MemoryModelRegistry;
  readonly objects: MemoryObjectStore;
  readonly clock: ManualClock;
  readonly request: TrainingRequest;
}

/** A daily wave and noise of its size: averages of days beat the last day. */
function waveAt(row: number, ms: number): number {
  const hour = ms / HOUR_MS;
  const noise = 5 * normal(1, row, hour);
  return Math.max(0, 24 + 2 * row + 15 * Math.sin((2 * Math.PI * hour) / 24 + row) + noise);
}

export function registryLab(knownDays = 28): RegistryLab {
  const kernels = openKernels('auto');
  const vms = Array.from({ length: VMS }, (_, vmIndex) => ({ vmId: `vm-${vmIndex}`, vmIndex }));
  // The two questions that a training asks: which VMs there are, and what they did.
  const rollups = { vms: async () => vms } as unknown as RollupStore;
  const history = {
    series: async (stepMs: number, rows: Uint32Array, fromMs: number, toMs: number) => {
      const length = (toMs - fromMs) / stepMs;
      const values = new Float64Array(rows.length * length);
      for (let at = 0; at < values.length; at += 1) {
        const ms = fromMs + (at % length) * stepMs;
        const known = ms >= END_MS - knownDays * DAY_MS;
        values[at] = known ? waveAt(rows[Math.floor(at / length)], ms) : Number.NaN;
      }
      return { startMs: fromMs, stepMs, seriesCount: rows.length, length, values } as SeriesBatch;
    },
  } as unknown as HistoryReader;
  return {
    registry: new MemoryModelRegistry(),
    objects: new MemoryObjectStore(),
    clock: new ManualClock(END_MS),
    tenant: () => ({ rollups, history }),
    request: {
      tenantId: 'North',
      names: ['boosted'],
      stepSecs: [3_600],
      seed: 1,
      atMs: END_MS,
      who: 'test',
      why: 'a test',
      promote: false,
      kernels,
      codeVersion: '0.1.0',
      rowsMax: 6_000, // in Jest the features of a row cost fifty times as much
    },
  };
}

/** The same versions and files once more, no alias moved: a training takes seconds. */
export async function copyOf(lab: RegistryLab): Promise<RegistryLab> {
  const copy = registryLab();
  for (const key of await lab.objects.list('')) {
    await copy.objects.put(key, await lab.objects.get(key));
  }
  const { tenantId } = lab.request;
  for (const version of await lab.registry.versions(tenantId, { limit: 99 })) {
    await copy.registry.add(tenantId, version);
  }
  return copy;
}
