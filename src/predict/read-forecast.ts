// One VM's published forecast: its row in the ledger's list, then one ranged read.
import type { ObjectStore } from '../ingest';
import { decodeVmForecast, type VmForecast } from './forecast-file';
import { forecastKey, type ForecastResult } from './forecast-shard';
import type { Ledger, Run, ShardRow } from './ledger';
import { HOURLY, FIVE_MINUTE, type Resolution } from './night-settings';
import { readJudged } from './prepare-shard';

interface Place {
  readonly shard: number;
  readonly row: number;
  readonly result: ForecastResult;
}

/** undefined when the run did not know the VM. */
export async function readVmForecast(
  run: Run,
  vmId: string,
  resolution: Resolution,
  ports: { readonly ledger: Ledger; readonly objects: ObjectStore },
): Promise<VmForecast | undefined> {
  const place = await placeOf(run, vmId, ports.ledger);
  if (place === undefined) return undefined;
  const index = place.result[resolution.name];
  if (index === undefined) return undefined;
  const from = index.bodyOffset + place.row * index.rowBytes;
  const key = forecastKey(run, resolution.stepMs, place.shard);
  return decodeVmForecast(await ports.objects.getRange(key, from, from + index.rowBytes), index);
}

/** The same for many VMs, each once; those that the run did not know are left out. */
export async function readVmForecasts(
  run: Run,
  vmIds: readonly string[],
  resolution: Resolution,
  ports: { readonly ledger: Ledger; readonly objects: ObjectStore },
): Promise<ReadonlyMap<string, VmForecast>> {
  const found = new Map<string, VmForecast>();
  const shards = await ports.ledger.shards(run.runId, 'forecast');
  const probed = new Map<number, string | undefined>();
  for (const vmId of vmIds) {
    const place = await placeOf(run, vmId, ports.ledger, shards, probed);
    const index = place?.result[resolution.name];
    if (place === undefined || index === undefined) continue;
    const from = index.bodyOffset + place.row * index.rowBytes;
    const key = forecastKey(run, resolution.stepMs, place.shard);
    const bytes = await ports.objects.getRange(key, from, from + index.rowBytes);
    found.set(vmId, decodeVmForecast(bytes, index));
  }
  return found;
}

/** Each member's mean pinball loss over the last nights and all quantiles, by block of leads. */
export interface MemberLoss {
  readonly resolution: string;
  readonly member: string;
  readonly leads: string;
  readonly pinballPct: number;
}

export async function readVmLosses(
  run: Run,
  vmId: string,
  ports: { readonly ledger: Ledger; readonly objects: ObjectStore },
): Promise<readonly MemberLoss[]> {
  const place = await placeOf(run, vmId, ports.ledger);
  if (place === undefined) return [];
  const all: MemberLoss[] = [];
  for (const resolution of [HOURLY, FIVE_MINUTE]) {
    if (place.result[resolution.name] === undefined) continue;
    const {
      losses: { losses, members, blocks, levels },
    } = await readJudged(run, place.shard, ports, resolution);
    members.forEach((member, m) => {
      blocks.forEach(({ from, to }, b) => {
        const cell = (place.row * members.length + m) * blocks.length + b;
        const byLevel = losses.subarray(cell * levels.length, (cell + 1) * levels.length);
        const pinballPct = byLevel.reduce((sum, loss) => sum + loss, 0) / levels.length;
        if (Number.isNaN(pinballPct)) return;
        all.push({ resolution: resolution.name, member, leads: `${from}-${to}`, pinballPct });
      });
    });
  }
  return all;
}

async function placeOf(
  run: Run,
  vmId: string,
  ledger: Ledger,
  known?: readonly ShardRow[],
  probed?: Map<number, string | undefined>,
): Promise<Place | undefined> {
  const position = await positionOf(run, vmId, ledger, probed);
  if (position === undefined) return undefined;
  const shards = known ?? (await ledger.shards(run.runId, 'forecast'));
  const found = shards.find(
    (shard) => position >= shard.firstVm && position < shard.firstVm + shard.vmCount,
  );
  if (found?.result === undefined) return undefined;
  return {
    shard: found.shard,
    row: position - found.firstVm,
    result: found.result as unknown as ForecastResult,
  };
}

/** Binary search in the run's sorted list: log2(n) reads of one id. */
async function positionOf(
  run: Run,
  vmId: string,
  ledger: Ledger,
  probed = new Map<number, string | undefined>(),
): Promise<number | undefined> {
  let low = 0;
  let high = run.plan.vmCount - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    let found = probed.get(middle);
    if (found === undefined) {
      [found] = await ledger.vmIds(run.runId, middle, 1);
      probed.set(middle, found);
    }
    if (found === vmId) return middle;
    if (found < vmId) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
