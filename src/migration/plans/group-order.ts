// Orders that contradict each other: A before B in one group, B before A in another.
import { DomainError } from '../../core';
import type { MoveGroup, NamedRecord } from './plan-records';

/** Throws REQUEST_INVALID naming a VM that would have to wait for itself, or stands twice. */
export function refuseCycle(groups: readonly NamedRecord<'group'>[]): void {
  const next = new Map<string, string[]>();
  for (const { id, record } of groups) {
    refuseTwice(id, record);
    if (record.kind !== 'order') continue;
    record.vmIds.forEach((vmId, at) => {
      const before = record.vmIds[at - 1];
      if (at > 0) next.set(before, [...(next.get(before) ?? []), vmId]);
    });
  }
  const state = new Map<string, 'open' | 'done'>();
  for (const first of next.keys()) {
    const stack = [{ vmId: first, followers: next.get(first) ?? [] }];
    if (state.has(first)) continue;
    state.set(first, 'open');
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      const [follower, ...rest] = top.followers;
      if (follower === undefined) {
        state.set(top.vmId, 'done');
        stack.pop();
        continue;
      }
      stack[stack.length - 1] = { ...top, followers: rest };
      if (state.get(follower) === 'open') {
        const message = `the orders of the groups go in a circle: VM '${follower}' would wait for itself`;
        throw new DomainError('REQUEST_INVALID', message, { field: 'vmIds' });
      }
      if (!state.has(follower)) {
        state.set(follower, 'open');
        stack.push({ vmId: follower, followers: next.get(follower) ?? [] });
      }
    }
  }
}

function refuseTwice(id: string, { vmIds }: MoveGroup): void {
  const twice = vmIds.find((vmId, at) => vmIds.indexOf(vmId) !== at);
  if (twice === undefined) return;
  const message = `group '${id}' names VM '${twice}' twice`;
  throw new DomainError('REQUEST_INVALID', message, { field: 'vmIds' });
}
