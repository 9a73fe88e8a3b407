// The night's window planner: candidates from forecasts, documents from candidates, publication.
import { FIVE_MINUTES_MS } from '../core';
import type { EpochMs, Json } from '../core';
import { COPY_MODES, textOf, type Kernels } from '../kernels';
import { WindowPlanner } from '../predict';
import type { ColumnTable, Run, ShardForecast } from '../predict';
import { NO_SOURCE, type CostLearner, type CostSource } from './cost/corrections';
import { COST_DEFAULTS, copySettingsOf } from './cost/cost-settings';
import type { CostSettings } from './cost/cost-settings';
import { closedSteps } from './plans/closed-steps';
import type { PlanStore } from './plans/plan-records';
import { candidateColumns, candidateTable } from './windows/candidate-table';
import { rankSettingsOf, WINDOW_DEFAULTS } from './windows/rank-windows';
import type { WindowSettings } from './windows/rank-windows';
import { writeDocuments } from './windows/write-documents';
import type { VmPolicy, WindowStore } from './window-store';

export interface PlanSettings {
  readonly cost: CostSettings;
  readonly windows: WindowSettings;
}

export const PLAN_DEFAULTS: PlanSettings = { cost: COST_DEFAULTS, windows: WINDOW_DEFAULTS };

/**
 * Plans windows within calendars, without constraints between VMs.
 *
 * A decision of an operator that falls between `choose` and `publish` wins: it took the revision
 * that the staged document has, so that document is not published. The next night applies it.
 */
export class NightWindowPlanner extends WindowPlanner {
  constructor(
    private readonly store: WindowStore,
    private readonly settings: PlanSettings = PLAN_DEFAULTS,
    /** Calendars and traits; without them every moment is open. */
    private readonly plans?: PlanStore,
    /** What migrations really cost; without it every cost is plain physics. */
    private readonly learner?: CostLearner,
  ) {
    super();
  }

  override async prepare(tenantId: string): Promise<Json | undefined> {
    return this.learner?.learn(tenantId);
  }

  override async candidates(forecast: ShardForecast, kernels: Kernels): Promise<ColumnTable> {
    const { vms, day, dayStepMs, abstentions, cutoffMs } = forecast;
    const { windows, cost } = this.settings;
    const { tenantId } = forecast.run;
    const closed =
      this.plans && (await closedSteps(this.plans, tenantId, vms, cutoffMs, FIVE_MINUTES_MS));
    const sizes = {
      vcpus: Float64Array.from(vms, (vm) => vm.vcpus ?? Number.NaN),
      memoryBytes: Float64Array.from(vms, (vm) => vm.memoryBytes ?? Number.NaN),
    };
    const learned = await this.learner?.corrections(tenantId, forecast.run.plan.planner);
    const rows = {
      rowCount: vms.length,
      horizon: day.horizon,
      finer: dayStepMs / FIVE_MINUTES_MS,
      stepMs: FIVE_MINUTES_MS,
      startMs: cutoffMs,
      levels: day.levels,
      mean: day.mean,
      quantiles: day.quantiles,
      ...sizes,
      usedMemoryBytes: new Float64Array(vms.length).fill(Number.NaN), // nobody tells it yet
      skip: Uint8Array.from(vms, (_, row) => (abstentions.has(row) ? 1 : 0)),
      barred: closed?.barred,
      corrections: learned?.rows(vms),
    };
    const settings = rankSettingsOf(windows);
    const ranked = await kernels.windows.rank(rows, copySettingsOf(cost), settings);
    const sourceOf = (row: number): CostSource => {
      const mode = COPY_MODES.at(ranked.modes[row]);
      return learned === undefined || mode === undefined
        ? NO_SOURCE
        : learned.source(vms[row], mode);
    };
    const { windowsMax } = windows;
    return candidateTable(forecast, sizes, ranked, windowsMax, closed?.reasons, sourceOf);
  }

  override async choose(
    run: Run,
    shard: number,
    table: ColumnTable,
    kernels: Kernels,
  ): Promise<{
    readonly documents: number;
    readonly windows: number;
    readonly vmsWithWindows: number;
  }> {
    const columns = candidateColumns(table);
    const { rowCount } = columns;
    const vmIds = Array.from({ length: rowCount }, (_, row) => textOf(columns.vmId, row));
    const policies = await this.store.policies(run.tenantId, vmIds);
    const decided = new Map<number, VmPolicy>();
    policies.forEach((policy, row) => {
      if (policy.state !== 'auto') decided.set(row, policy);
    });
    const newest = await this.store.revisions(run.tenantId, vmIds);
    const revisions = newest.map((revision) => revision + 1);
    const { cost } = this.settings;
    const written = await writeDocuments(run, columns, decided, revisions, cost, kernels);
    await this.store.stage(run.runId, shard, written.batch);
    const { windows, vmsWithWindows } = written;
    return { documents: rowCount, windows, vmsWithWindows };
  }

  override async publish(run: Run, summary: Json, nowMs: EpochMs): Promise<void> {
    await this.store.publish(run.tenantId, run.runId, summary, nowMs);
  }
}
