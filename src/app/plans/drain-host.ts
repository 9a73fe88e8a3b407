// POST /v1/hosts/{id}/drain-plans: reads what a plan needs, makes it, and keeps it.
import { DAY_MS } from '../../core';
import {
  planDrain,
  type DrainInputs,
  type DrainPlan,
  type DrainRequest,
  type PlanLoad,
} from '../../migration';
import { FIVE_MINUTE, HOURLY, readVmForecasts, type VmForecast } from '../../predict';
import type { Service } from '../composition/service';

/** Plans whose deadline passed so long ago are forgotten with the next one. */
const KEPT_MS = 30 * DAY_MS;

/** The planner's own errors; the plan is stored under its planId. */
export async function drainHost(
  service: Service,
  tenantId: string,
  request: DrainRequest,
): Promise<DrainPlan> {
  const plan = planDrain(request, await drainInputs(service, tenantId, request));
  const { plans, clock } = service;
  await plans.put(tenantId, 'drain-plan', [{ id: plan.planId, record: plan }]);
  for (const { id, record } of await plans.list(tenantId, 'drain-plan')) {
    if (record.byMs < clock.nowMs() - KEPT_MS) await plans.remove(tenantId, 'drain-plan', id);
  }
  return plan;
}

async function drainInputs(
  service: Service,
  tenantId: string,
  request: DrainRequest,
): Promise<DrainInputs> {
  const { plans, ports, windows, clock } = service;
  const all = await ports.tenant(tenantId).rollups.vms();
  const hosts = new Map((await plans.list(tenantId, 'host')).map(({ id, record }) => [id, record]));
  const cluster =
    hosts.get(request.host)?.cluster ?? all.find((vm) => vm.host === request.host)?.cluster;
  const near = new Set([request.host, ...(request.targets ?? [])]);
  const vms = all.filter(
    (vm) =>
      vm.host !== undefined &&
      (near.has(vm.host) ||
        (cluster !== undefined && (hosts.get(vm.host)?.cluster ?? vm.cluster) === cluster)),
  );
  const moved = vms.filter((vm) => vm.host === request.host).map(({ vmId }) => vmId);
  const traits = await plans.list(tenantId, 'trait', moved);
  const policies = await windows.policies(tenantId, moved);
  const excluded = new Map<string, string>();
  policies.forEach((policy, at) => {
    if (policy.state === 'excluded') excluded.set(moved[at], policy.reason);
  });
  return {
    tenantId,
    nowMs: clock.nowMs(),
    vms,
    hosts,
    traits: new Map(traits.map(({ id, record }) => [id, record])),
    groups: (await plans.list(tenantId, 'group')).map(({ record }) => record),
    calendars: (await plans.list(tenantId, 'calendar')).map(({ id, record }) => ({
      calendarId: id,
      calendar: record,
    })),
    loads: await loadsOf(
      service,
      tenantId,
      vms.map(({ vmId }) => vmId),
      moved,
    ),
    excluded,
  };
}

/** The published night: five minutes of those that move, hours of all. */
async function loadsOf(
  { ports }: Service,
  tenantId: string,
  vmIds: readonly string[],
  moved: readonly string[],
): Promise<ReadonlyMap<string, PlanLoad>> {
  const run = await ports.ledger.published(tenantId);
  if (run === undefined) return new Map();
  const fine = await readVmForecasts(run, moved, FIVE_MINUTE, ports);
  const hourly = await readVmForecasts(run, vmIds, HOURLY, ports);
  return new Map(
    vmIds.flatMap((vmId) => {
      const series = [fine.get(vmId), hourly.get(vmId)].filter(isKnown);
      return series.length === 0 ? [] : [[vmId, series] as const];
    }),
  );
}

/** A VM of which the night abstained has rows without values. */
function isKnown(forecast: VmForecast | undefined): forecast is VmForecast {
  return forecast !== undefined && forecast.mean.every((value) => Number.isFinite(value));
}
