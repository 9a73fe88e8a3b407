// Stage fleet: one reduce over the shards' integer sums; any order gives the same bits.
import type { Json } from '../core';
import { mergeFleetLosses, type FleetLosses } from '../models';
import type { Ledger, Run } from './ledger';
import type { PrepareResult } from './prepare-shard';

/** By resolution, where the run forecasts it. */
export interface FleetStatistics {
  readonly hourly?: FleetLosses;
  readonly fiveMinute?: FleetLosses;
}

export async function fleetStatistics(run: Run, ledger: Ledger): Promise<Json> {
  const shards = await ledger.shards(run.runId, 'prepare');
  const results = shards.map((shard) => shard.result as unknown as PrepareResult);
  const merged = (name: 'hourly' | 'fiveMinute'): FleetLosses | undefined =>
    results[0]?.[name] === undefined
      ? undefined
      : results.flatMap((one) => one[name] ?? []).reduce(mergeFleetLosses);
  const statistics: FleetStatistics = {
    hourly: merged('hourly'),
    fiveMinute: merged('fiveMinute'),
  };
  return statistics as unknown as Json;
}

/** What the stage left in the ledger. */
export async function readFleetStatistics(run: Run, ledger: Ledger): Promise<FleetStatistics> {
  const [shard] = await ledger.shards(run.runId, 'fleet');
  return shard.result as unknown as FleetStatistics;
}
