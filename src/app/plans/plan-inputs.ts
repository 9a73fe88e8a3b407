// What a plan is made from, read once: the cluster's VMs, what operators said, the published night.
import { namedCalendars, type DrainInputs, type PlanLoad, type VmTrait } from '../../migration';
import { FIVE_MINUTE, HOURLY, readVmForecasts, type VmForecast } from '../../predict';
import type { Service } from '../composition/service';

/** Of one VM; no VM is migrated so often that its last one lies beyond. */
const OUTCOMES_MAX = 1_000;

/** What a plan is about. */
export interface PlanScope {
  /** All that is in it is read; absent: the cluster of the first of `hosts`. */
  readonly cluster?: string;
  readonly hosts: readonly string[];
  /** Whether every VM of the cluster may be moved, or those of the first host alone. */
  readonly movesAll: boolean;
}

export async function planInputs(
  service: Service,
  tenantId: string,
  scope: PlanScope,
): Promise<DrainInputs> {
  const { plans, ports, windows, clock } = service;
  const all = await ports.tenant(tenantId).rollups.vms();
  const hosts = new Map((await plans.list(tenantId, 'host')).map(({ id, record }) => [id, record]));
  const [first] = scope.hosts;
  const cluster =
    scope.cluster ?? hosts.get(first)?.cluster ?? all.find((vm) => vm.host === first)?.cluster;
  const near = new Set(scope.hosts);
  const vms = all.filter(
    (vm) =>
      vm.host !== undefined &&
      (near.has(vm.host) ||
        (cluster !== undefined && (hosts.get(vm.host)?.cluster ?? vm.cluster) === cluster)),
  );
  const moved = (scope.movesAll ? vms : vms.filter((vm) => vm.host === first)).map(
    ({ vmId }) => vmId,
  );
  const traits = await traitsOf(service, tenantId, moved);
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
    traits,
    groups: (await plans.list(tenantId, 'group')).map(({ record }) => record),
    calendars: await namedCalendars(plans, tenantId),
    loads: await loadsOf(
      service,
      tenantId,
      vms.map(({ vmId }) => vmId),
      moved,
    ),
    excluded,
  };
}

/** What operators told, and the last migration that an executor told of where it is later. */
async function traitsOf(
  { plans, outcomes }: Service,
  tenantId: string,
  vmIds: readonly string[],
): Promise<ReadonlyMap<string, VmTrait>> {
  const told = await plans.list(tenantId, 'trait', vmIds);
  const traits = new Map<string, VmTrait>(told.map(({ id, record }) => [id, record]));
  for (const vmId of vmIds) {
    const all = await outcomes.list(tenantId, { after: 0, limit: OUTCOMES_MAX, vmId });
    const ends = all.flatMap(({ outcome: { status, endedAtMs, startedAtMs } }) =>
      status === 'completed' ? [endedAtMs ?? startedAtMs] : [],
    );
    if (ends.length === 0) continue;
    const trait = traits.get(vmId);
    const lastMigratedMs = Math.max(trait?.lastMigratedMs ?? 0, ...ends);
    traits.set(vmId, { ...trait, lastMigratedMs });
  }
  return traits;
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
