// Some VMs of the measured night once more, by the reference's kernels, beside what was published.
import { MemoryObjectStore } from '../../../adapters/embedded';
import { DomainError } from '../../../core';
import type { ObjectStore } from '../../../ingest';
import { FIGURE, rankWidth } from '../../../kernels';
import { candidateColumns, type CandidateColumns } from '../../../migration';
import {
  decodeColumns,
  forecastShard,
  shardKey,
  type NightPorts,
  type Run,
} from '../../../predict';
import type { BenchNight } from './open-night';

export interface Verified {
  readonly vms: number;
  /** Share of VMs whose mean load of the day differs by at most .05 points. */
  readonly agreeing: number;
  readonly maxDifferencePct: number;
}

const CLOSE_PCT = 0.05;
/** ARIMA in float32 rests in another optimum of a flat valley now and then; everything else is equal. */
const AGREEING_MIN = 0.9;

/** The first VMs of the first shard. Throws INTERNAL when too many differ. */
export async function verifyNight(
  run: Run,
  vmCount: number,
  { ports, reference }: Pick<BenchNight, 'ports' | 'reference'>,
): Promise<Verified> {
  const overlay = overlayStore(ports.objects);
  const slow: NightPorts = { ...ports, ...reference, objects: overlay };
  const [first] = await ports.ledger.shards(run.runId, 'forecast');
  const vms = Math.min(vmCount, first.vmCount);
  const shard = { ...first, shard: 0, firstVm: 0, vmCount: vms, worker: 'verify' };
  await forecastShard(run, shard, slow, new Map());
  const key = shardKey(run.runId, 'candidates', 0);
  const published = candidateColumns(decodeColumns(await ports.objects.get(key)));
  const again = candidateColumns(decodeColumns(await overlay.get(key)));
  let agreeing = 0;
  let maxDifferencePct = 0;
  for (let row = 0; row < vms; row += 1) {
    const difference = Math.abs(meanOf(published, row) - meanOf(again, row));
    if (difference <= CLOSE_PCT || published.counts[row] < 0) agreeing += 1;
    if (difference > maxDifferencePct) maxDifferencePct = difference;
  }
  if (agreeing < AGREEING_MIN * vms) {
    throw new DomainError('INTERNAL', `bench night: ${vms - agreeing} of ${vms} VMs differ`);
  }
  return { vms, agreeing: vms === 0 ? 1 : agreeing / vms, maxDifferencePct };
}

function meanOf({ figures, windowsMax }: CandidateColumns, row: number): number {
  return figures[row * rankWidth(windowsMax) + FIGURE.loadMeanPct];
}

/** Reads what is there, keeps what is written apart. */
function overlayStore(base: ObjectStore): ObjectStore {
  const written = new MemoryObjectStore();
  const keys = new Set<string>();
  return new Proxy(written, {
    get: (of, name) => {
      if (name === 'put') {
        return (key: string, bytes: Uint8Array): Promise<void> => {
          keys.add(key);
          return of.put(key, bytes);
        };
      }
      if (name === 'get') return (key: string) => (keys.has(key) ? of : base).get(key);
      return Reflect.get(of, name, of);
    },
  });
}
