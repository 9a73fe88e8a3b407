// Stage publish: one transaction makes the night visible, with its summary.
import type { Json } from '../core';
import type { Counts, ForecastResult } from './forecast-shard';
import type { ChooseResult } from './choose-shard';
import { readFleetStatistics } from './fleet-statistics';
import { mergeFleetSums, type FleetSums } from './fleet-sums';
import { fleetErrors, type FleetLosses } from '../models';
import type { Ledger, Run } from './ledger';
import type { NightPorts } from './night-ports';

/** What a run says of itself when it is over; the same whatever the shards and workers were. */
export interface RunSummary {
  readonly vms: number;
  readonly documents: number;
  readonly windows: number;
  readonly vmsWithWindows: number;
  readonly models: { readonly hourly: Counts; readonly fiveMinute: Counts };
  readonly abstentions: Counts;
  /** VMs that a model from outside did not forecast, by its reason; `naive` stood in. */
  readonly refusals: Counts;
  /** Mean pinball loss of each member over the last nights, CPU points. */
  readonly errors: readonly {
    readonly resolution: string;
    readonly model: string;
    readonly pinballPct: number;
    readonly relativeToSeasonalNaive: number;
  }[];
  readonly fleet: FleetSums;
}

export async function publishRun(run: Run, ports: NightPorts): Promise<Json> {
  const summary = (await summarise(run, ports.ledger)) as unknown as Json;
  await ports.planner.publish(run, summary, ports.clock.nowMs());
  return {};
}

export async function summarise(run: Run, ledger: Ledger): Promise<RunSummary> {
  const forecasts = (await ledger.shards(run.runId, 'forecast')).map(
    (shard) => shard.result as unknown as ForecastResult,
  );
  const chosen = (await ledger.shards(run.runId, 'choose')).map(
    (shard) => shard.result as unknown as ChooseResult,
  );
  const statistics = await readFleetStatistics(run, ledger);
  const total = (of: (one: ChooseResult) => number): number =>
    chosen.reduce((sum, one) => sum + of(one), 0);
  return {
    vms: run.plan.vmCount,
    documents: total((one) => one.documents),
    windows: total((one) => one.windows),
    vmsWithWindows: total((one) => one.vmsWithWindows),
    models: {
      hourly: mergeCounts(forecasts.map((one) => one.models.hourly)),
      fiveMinute: mergeCounts(forecasts.map((one) => one.models.fiveMinute)),
    },
    abstentions: mergeCounts(forecasts.map((one) => one.abstentions)),
    refusals: mergeCounts(forecasts.map((one) => one.refusals)),
    errors: [
      ...errorsOf('hourly', statistics.hourly),
      ...errorsOf('five-minute', statistics.fiveMinute),
    ],
    fleet: forecasts.map((one) => one.fleet).reduce(mergeFleetSums),
  };
}

export function mergeCounts(all: readonly Counts[]): Counts {
  const merged: Record<string, number> = {};
  for (const name of all.flatMap((counts) => Object.keys(counts)).toSorted()) merged[name] = 0;
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts)) merged[name] += count;
  }
  return merged;
}

function errorsOf(resolution: string, fleet: FleetLosses | undefined): RunSummary['errors'] {
  if (fleet === undefined) return [];
  // The longest leads of the judged day.
  const errors = fleetErrors(fleet, fleet.blockCount - 1);
  const reference = errors.find(({ model }) => model === 'seasonal-naive')?.relative ?? 0;
  return errors.map(({ model, pinballPct, relative }) => ({
    resolution,
    model,
    pinballPct,
    relativeToSeasonalNaive: reference > 0 ? relative / reference : 1,
  }));
}
