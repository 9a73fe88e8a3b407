// VMs that no plan can move, known before, and those that wait for them.
import type { DrainInputs, PlanVm } from './drain-inputs';
import type { Blocker, MoveGroup } from './plan-records';

/** What keeps a VM from being moved at any time; undefined when nothing does. */
export function neverMoves(vm: PlanVm, inputs: DrainInputs): Blocker | undefined {
  const { vmId } = vm;
  const cannot = inputs.traits.get(vmId)?.cannotMigrate;
  if (cannot !== undefined) {
    const unblock = ['stop it, or take the device off it', 'mend it with PUT /v1/traits'];
    return { vmId, code: 'cannot-migrate', reason: `it cannot be migrated: ${cannot}`, unblock };
  }
  const excluded = inputs.excluded.get(vmId);
  if (excluded !== undefined) {
    const unblock = [`PUT /v1/vms/${encodeURIComponent(vmId)}/policy {"state":"auto"}`];
    const reason = `excluded by an operator: ${excluded}`;
    return { vmId, code: 'cannot-migrate', reason, unblock };
  }
  if (vm.memoryBytes === undefined || vm.memoryBytes <= 0) {
    const unblock = ['tell its memoryBytes with PUT /v1/vms'];
    return { vmId, code: 'memory-unknown', reason: 'its memory size is not known', unblock };
  }
  if (!inputs.loads.has(vmId)) {
    const reason = 'no night has a forecast of it: it needs two days of history';
    const unblock = ['wait for two days of samples and a night', 'move it by hand'];
    return { vmId, code: 'no-forecast', reason, unblock };
  }
  return undefined;
}

/** VMs of the host that wait in an order for one that never goes; it grows along the order. */
export function waitingFor(
  stuck: ReadonlySet<string>,
  vms: readonly PlanVm[],
  groups: readonly MoveGroup[],
): readonly Blocker[] {
  const here = new Set(vms.map(({ vmId }) => vmId));
  const waiting = new Map<string, Blocker>();
  const isStuck = (vmId: string): boolean => stuck.has(vmId) || waiting.has(vmId);
  const orders = groups.filter(({ kind }) => kind === 'order');
  for (let grown = -1; grown < waiting.size;) {
    grown = waiting.size;
    for (const { vmIds } of orders) {
      const members = vmIds.filter((vmId) => here.has(vmId));
      members.forEach((vmId, at) => {
        const first = members[at - 1];
        if (at === 0 || isStuck(vmId) || !isStuck(first)) return;
        waiting.set(vmId, orderBlocker(vmId, first));
      });
    }
  }
  return [...waiting.values()];
}

export function orderBlocker(vmId: string, first: string): Blocker {
  const reason = `it may go only after VM '${first}', which is not gone in time`;
  const unblock = [`unblock VM '${first}'`, 'change the group that orders them'];
  return { vmId, code: 'order', reason, unblock };
}
