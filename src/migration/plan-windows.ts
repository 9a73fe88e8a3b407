// The night's window planner: candidates from forecasts, documents from candidates, publication.
import { DAY_MS } from '../core';
import type { EpochMs, Json } from '../core';
import { WindowPlanner } from '../predict';
import type { ColumnTable, Run, ShardForecast } from '../predict';
import { COST_DEFAULTS } from './cost/cost-settings';
import type { CostSettings } from './cost/cost-settings';
import { CostPredictor } from './cost/predict-cost';
import { candidatesOf, candidateTable } from './windows/candidate-table';
import type { VmCandidates } from './windows/candidate-table';
import { decide } from './windows/decide';
import { LoadProfiles } from './windows/load-profile';
import { rankWindows, WINDOW_DEFAULTS } from './windows/rank-windows';
import type { WindowSettings } from './windows/rank-windows';
import { windowDocumentOf } from './windows/window-document';
import type { VmPolicy, WindowDocument, WindowStore } from './window-store';

export interface PlanSettings {
  readonly cost: CostSettings;
  readonly windows: WindowSettings;
}

export const PLAN_DEFAULTS: PlanSettings = { cost: COST_DEFAULTS, windows: WINDOW_DEFAULTS };

/**
 * Plans windows without constraints between VMs.
 *
 * A decision of an operator that falls between `choose` and `publish` wins: it took the revision
 * that the staged document has, so that document is not published. The next night applies it.
 */
export class NightWindowPlanner extends WindowPlanner {
  private readonly costs: CostPredictor;

  constructor(
    private readonly store: WindowStore,
    private readonly settings: PlanSettings = PLAN_DEFAULTS,
  ) {
    super();
    this.costs = new CostPredictor(settings.cost);
  }

  override candidates(forecast: ShardForecast): ColumnTable {
    const profiles = new LoadProfiles(forecast.fiveMinute);
    return candidateTable(forecast.vms.map((_, row) => this.vmCandidates(forecast, profiles, row)));
  }

  override async choose(
    run: Run,
    shard: number,
    table: ColumnTable,
  ): Promise<{
    readonly documents: number;
    readonly windows: number;
    readonly vmsWithWindows: number;
  }> {
    const vms = candidatesOf(table);
    const vmIds = vms.map((vm) => vm.vmId);
    const policies = await this.store.policies(run.tenantId, vmIds);
    const revisions = await this.store.revisions(run.tenantId, vmIds);
    let windows = 0;
    let vmsWithWindows = 0;
    const documents = vms.map((vm, row) => {
      const { document, windowCount } = documentOf(run, vm, policies[row], revisions[row] + 1);
      windows += windowCount;
      if (windowCount > 0) vmsWithWindows += 1;
      return document;
    });
    await this.store.stage(run.runId, shard, documents);
    return { documents: documents.length, windows, vmsWithWindows };
  }

  override async publish(run: Run, summary: Json, nowMs: EpochMs): Promise<void> {
    await this.store.publish(run.tenantId, run.runId, summary, nowMs);
  }

  private vmCandidates(forecast: ShardForecast, profiles: LoadProfiles, row: number): VmCandidates {
    const { vmId, vcpus, memoryBytes } = forecast.vms[row];
    const models = {
      fiveMinute: forecast.fiveMinuteModel[row],
      hourly: forecast.hourlyModel[row],
    };
    const abstained = forecast.abstentions.get(row);
    if (abstained !== undefined) return { vmId, models, reason: `no forecast: ${abstained}` };
    const size = { vcpus, memoryBytes };
    const profile = profiles.row(row);
    const { costs, settings } = this;
    const ranked = rankWindows(size, profile, forecast.cutoffMs, costs, settings.windows);
    return { vmId, models, ranked };
  }
}

function documentOf(
  run: Run,
  vm: VmCandidates,
  policy: VmPolicy,
  revision: number,
): { readonly document: WindowDocument; readonly windowCount: number } {
  const { cutoffMs } = run.plan;
  const day = vm.ranked?.day;
  const decided = decide(policy, {
    windows: vm.ranked?.windows ?? [],
    reason: vm.reason,
    day,
    cutoffMs,
    expiresMs: cutoffMs + DAY_MS,
  });
  const document = windowDocumentOf({
    tenant: run.tenantId,
    runDate: run.runDate,
    vmId: vm.vmId,
    revision,
    cutoffMs,
    models: vm.models,
    day,
    ...decided,
  });
  return { document, windowCount: decided.windows.length };
}
