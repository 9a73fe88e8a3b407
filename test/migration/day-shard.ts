// Forecast days as the night hands them to the planner of windows.
import { FIVE_MINUTES_MS, QUANTILE_LEVELS } from '../../src/core';
import type { ForecastBatch } from '../../src/models';
import type { Run, ShardForecast } from '../../src/predict';

export const CUTOFF_MS = Date.UTC(2026, 8, 15, 22);
const GIB = 2 ** 30;
export const RUN: Run = {
  runId: 'run-1',
  tenantId: 'north',
  runDate: '2026-09-15',
  attempt: 1,
  status: 'running',
  startedMs: CUTOFF_MS,
  plan: {
    cutoffMs: CUTOFF_MS,
    timeZone: 'UTC',
    vmCount: 1,
    shardSize: 1,
    seed: 1,
    isa: 'baseline',
    backend: 'reference',
    codeVersion: 'test',
    hourlyModels: [],
    fiveMinuteModels: [],
  },
};

/** Quantiles spread in proportion to the mean. */
export function batchOfDays(days: readonly (readonly number[])[]): ForecastBatch {
  const horizon = days[0].length;
  return {
    seriesCount: days.length,
    horizon,
    levels: QUANTILE_LEVELS,
    point: Float64Array.from(days.flat()),
    mean: Float64Array.from(days.flat()),
    quantiles: Float64Array.from(
      days.flatMap((day) =>
        QUANTILE_LEVELS.flatMap((level) => day.map((load) => load * (0.5 + level))),
      ),
    ),
    status: new Uint8Array(days.length),
    abstentions: new Map(),
  };
}

export function shardOf(days: readonly (readonly number[])[], abstained: readonly number[] = []) {
  const batch = batchOfDays(days);
  return {
    run: RUN,
    cutoffMs: CUTOFF_MS,
    vms: days.map((_, i) => ({ vmIndex: i, vmId: `vm-${i}`, vcpus: 2, memoryBytes: 8 * GIB })),
    day: batch,
    dayStepMs: FIVE_MINUTES_MS,
    fiveMinuteModel: days.map(() => 'seasonal-naive'),
    hourlyModel: days.map(() => 'arima'),
    lastPct: new Float64Array(days.length),
    abstentions: new Map(abstained.map((row) => [row, '3 hours of history; 48 are needed'])),
  } satisfies ShardForecast;
}

/** 40 % all day, 2 % during [from, to). */
export function dayWithValley(from: number, to: number): number[] {
  return Array.from({ length: 288 }, (_, t) => (t >= from && t < to ? 2 : 40));
}

/** One valley each, of VMs by name, in a run of the given plan. */
export function dayShard(vmIds: readonly string[], plan: Partial<Run['plan']> = {}): ShardForecast {
  const shard = shardOf(vmIds.map(() => dayWithValley(100, 160)));
  const vms = shard.vms.map((vm, at) => ({ ...vm, vmId: vmIds[at] }));
  return { ...shard, vms, run: { ...RUN, plan: { ...RUN.plan, ...plan } } };
}
