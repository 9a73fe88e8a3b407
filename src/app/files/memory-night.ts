// A night on ports in memory: what `run` and the tests use; the service's plan, shards, and publication.
import {
  InProcessJobQueue,
  MemoryFeedStore,
  MemoryLedger,
  MemoryObjectStore,
  MemoryRollupStore,
  MemoryWindowStore,
} from '../../adapters/embedded';
import { SystemClock, type Clock } from '../../core';
import { HistoryReader } from '../../features';
import type { ObjectStore } from '../../ingest';
import { openKernels, type BackendName, type Isa, type Kernels } from '../../kernels';
import { NightWindowPlanner } from '../../migration';
import type { NightPorts } from '../../predict';

export interface MemoryNight {
  readonly ports: NightPorts;
  readonly rollups: MemoryRollupStore;
  readonly objects: ObjectStore;
  readonly windows: MemoryWindowStore;
  readonly ledger: MemoryLedger;
  readonly feed: MemoryFeedStore;
  readonly kernels: Kernels;
}

export function memoryNight(
  backend: BackendName = 'auto',
  clock: Clock = new SystemClock(),
  objects: ObjectStore = new MemoryObjectStore(),
): MemoryNight {
  const kernels = openKernels(backend);
  const rollups = new MemoryRollupStore();
  const ledger = new MemoryLedger();
  const feed = new MemoryFeedStore();
  const windows = new MemoryWindowStore(feed, (runId, summary, nowMs) =>
    ledger.markPublished(runId, summary, nowMs),
  );
  const history = new HistoryReader(rollups, objects, kernels.history);
  const ports: NightPorts = {
    ledger,
    queue: new InProcessJobQueue(),
    objects,
    planner: new NightWindowPlanner(windows),
    clock,
    tenant: () => ({ rollups, history }),
    kernels: (name, isa) => pinnedKernels(kernels, name, isa),
  };
  return { ports, rollups, objects, windows, ledger, feed, kernels };
}

/** The kernels at hand when they are the ones the run is pinned to, else others. */
export function pinnedKernels(own: Kernels, backend: string, isa: string): Kernels {
  const report = own.report();
  if (report.backend === backend && report.isa === isa) return own;
  if (backend === 'reference') return openKernels('reference');
  return openKernels('native', { isa: isa as Isa });
}
