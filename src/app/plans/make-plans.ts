// Plans of the service: what they need is read, they are made, and kept.
import { DAY_MS } from '../../core';
import {
  adviseCluster,
  planDrain,
  planUpgrade,
  type AdviceRequest,
  type ClusterAdvice,
  type DrainPlan,
  type DrainRequest,
  type UpgradePlan,
  type UpgradeRequest,
} from '../../migration';
import type { Service } from '../composition/service';
import { planInputs } from './plan-inputs';

/** Plans whose deadline passed so long ago are forgotten with the next one. */
const KEPT_MS = 30 * DAY_MS;

/** The planner's own errors; the plan is stored under its planId. */
export async function drainHost(
  service: Service,
  tenantId: string,
  request: DrainRequest,
): Promise<DrainPlan> {
  const scope = { hosts: [request.host, ...(request.targets ?? [])], movesAll: false };
  const plan = planDrain(request, await planInputs(service, tenantId, scope));
  await service.plans.put(tenantId, 'drain-plan', [{ id: plan.planId, record: plan }]);
  await forgetOld(service, tenantId, 'drain-plan');
  return plan;
}

/** The same for a cluster; other requests are answered between its hosts. */
export async function upgradeCluster(
  service: Service,
  tenantId: string,
  request: UpgradeRequest,
): Promise<UpgradePlan> {
  const scope = { cluster: request.cluster, hosts: [], movesAll: true };
  const steps = planUpgrade(request, await planInputs(service, tenantId, scope));
  let step = steps.next();
  while (step.done !== true) {
    await new Promise((resolve) => setImmediate(resolve));
    step = steps.next();
  }
  const plan = step.value;
  await service.plans.put(tenantId, 'upgrade-plan', [{ id: plan.planId, record: plan }]);
  await forgetOld(service, tenantId, 'upgrade-plan');
  return plan;
}

/** Advice is not kept: it is as old as the night that it is made from. */
export async function adviceOf(
  service: Service,
  tenantId: string,
  request: AdviceRequest,
): Promise<ClusterAdvice> {
  const scope = { cluster: request.cluster, hosts: [], movesAll: true };
  return adviseCluster(request, await planInputs(service, tenantId, scope));
}

async function forgetOld(
  { plans, clock }: Service,
  tenantId: string,
  kind: 'drain-plan' | 'upgrade-plan',
): Promise<void> {
  for (const { id, record } of await plans.list(tenantId, kind)) {
    if (record.byMs < clock.nowMs() - KEPT_MS) await plans.remove(tenantId, kind, id);
  }
}
