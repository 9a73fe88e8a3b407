// Stage fleet: one reduce over the shards' integer sums; any order gives the same bits.
import type { Json } from '../core';
import {
  learnFleet,
  mergeFleetErrors,
  mergeFleetLosses,
  NIGHT_FLEET_STEP,
  type FleetLosses,
} from '../models';
import type { Ledger, Run } from './ledger';
import type { PrepareResult } from './prepare-shard';

/** By resolution, where the run forecasts it. */
export interface FleetStatistics {
  readonly hourly?: FleetLosses;
  readonly fiveMinute?: FleetLosses;
  /** (blocks, levels) shifts that the whole fleet's quantiles share; absent until a night was judged. */
  readonly shifts?: Shifts;
}

type Name = 'hourly' | 'fiveMinute';
type Shifts = Readonly<Partial<Record<Name, readonly number[]>>>;

export async function fleetStatistics(run: Run, ledger: Ledger): Promise<Json> {
  const shards = await ledger.shards(run.runId, 'prepare');
  const results = shards.map((shard) => shard.result as unknown as PrepareResult);
  const merged = (name: Name): FleetLosses | undefined =>
    results[0]?.[name] === undefined
      ? undefined
      : results.flatMap((one) => one[name] ?? []).reduce(mergeFleetLosses);
  const statistics: FleetStatistics = {
    hourly: merged('hourly'),
    fiveMinute: merged('fiveMinute'),
    shifts: await shiftsAfter(run, ledger, results),
  };
  return statistics as unknown as Json;
}

/** Last night's shifts, and what its quantiles teach; from nothing where it had other members. */
async function shiftsAfter(
  run: Run,
  ledger: Ledger,
  results: readonly PrepareResult[],
): Promise<Shifts> {
  const { before } = run.plan;
  const last = before && (await ledger.shards(before.runId, 'fleet'))[0]?.result;
  const known = (last as FleetStatistics | undefined)?.shifts ?? {};
  const shifts: Record<string, readonly number[]> = {};
  for (const name of ['hourly', 'fiveMinute'] as const) {
    const passed = results.flatMap((one) => one.passed?.[name] ?? []);
    if (passed.length === 0) continue;
    const errors = passed.reduce(mergeFleetErrors);
    const zeros = new Float64Array(errors.sums.length);
    const from = known[name] === undefined ? zeros : Float64Array.from(known[name]);
    shifts[name] = [...learnFleet(from, errors, NIGHT_FLEET_STEP)];
  }
  return shifts;
}

/** What the stage left in the ledger. */
export async function readFleetStatistics(run: Run, ledger: Ledger): Promise<FleetStatistics> {
  const [shard] = await ledger.shards(run.runId, 'fleet');
  return shard.result as unknown as FleetStatistics;
}
