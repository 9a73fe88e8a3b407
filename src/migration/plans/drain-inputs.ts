// What a drain plan is made from: the request, the fleet around the host, and what operators said.
import { DomainError, FIVE_MINUTES_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '../../core';
import type { NamedCalendar } from '../calendars';
import { COST_DEFAULTS } from '../cost/cost-settings';
import type { PlanLoad } from './plan-load';
import type { HostRecord, MoveGroup, VmTrait } from './plan-records';
import { ROOM_DEFAULTS, type RoomLimits } from './pack-targets';

export interface PlanVm {
  readonly vmId: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
}

export interface DrainRequest {
  readonly host: string;
  readonly byMs: EpochMs;
  readonly maxDowntimeMs?: number;
  readonly maxDurationMs?: number;
  /** Whether VMs may be moved by post-copy: a network that fails meanwhile kills the VM. */
  readonly postCopy?: boolean;
  readonly parallelMax?: number;
  readonly incomingMax?: number;
  readonly coolDownMs?: number;
  /** Absent: every other host of the cluster that is up. */
  readonly targets?: readonly string[];
}

export interface DrainInputs {
  readonly tenantId: string;
  readonly nowMs: EpochMs;
  /** Of the tenant; those on the host and on the targets are read. */
  readonly vms: readonly PlanVm[];
  readonly hosts: ReadonlyMap<string, HostRecord>;
  readonly traits: ReadonlyMap<string, VmTrait>;
  readonly groups: readonly MoveGroup[];
  readonly calendars: readonly NamedCalendar[];
  /** By vmId; absent where a night gave none. */
  readonly loads: ReadonlyMap<string, PlanLoad>;
  /** Why an operator keeps a VM from being moved, by vmId. */
  readonly excluded: ReadonlyMap<string, string>;
}

export const DRAIN_DEFAULTS = {
  maxDowntimeMs: 300, // QEMU's downtime-limit
  parallelMax: 2, // KubeVirt's parallelOutboundMigrationsPerNode
  incomingMax: 2, // as outbound
  coolDownMs: HOUR_MS, // no VM is moved twice within the hour that balances settle in
} as const;

/** Farther than the forecast reaches, nothing is planned. */
const DEADLINE_HOURS_MAX = 168;
const PARALLEL_MAX = 8; // VMware's limit per host on 10 GbE

/** All limits, with what was left out. */
export interface DrainLimits extends RoomLimits {
  readonly maxDowntimeMs: number;
  readonly maxDurationMs?: number;
  readonly postCopy: boolean;
  readonly parallelMax: number;
  readonly incomingMax: number;
  readonly coolDownMs: number;
  readonly bandwidthBytesPerSec: number;
  readonly linkBytesPerSec: number;
}

/** Throws HOST_UNKNOWN, DEADLINE_PAST, REQUEST_INVALID; each names the thing and what is accepted. */
export function limitsOf(request: DrainRequest, inputs: DrainInputs): DrainLimits {
  const { host, byMs } = request;
  const { nowMs, hosts, vms } = inputs;
  if (!hosts.has(host) && !vms.some((vm) => vm.host === host)) {
    const shown = host.slice(0, 200);
    throw new DomainError('HOST_UNKNOWN', `host '${shown}' is unknown: no VM is on it`, { host });
  }
  refuseDeadline('deadline', byMs, nowMs);
  const maxDowntimeMs = maxDowntimeOf(request);
  const parallelMax = request.parallelMax ?? DRAIN_DEFAULTS.parallelMax;
  if (!(parallelMax >= 1 && parallelMax <= PARALLEL_MAX)) {
    const message = `parallelMax is ${parallelMax}; 1 to ${PARALLEL_MAX} is accepted`;
    throw new DomainError('REQUEST_INVALID', message, { field: 'parallelMax' });
  }
  refuseUnknownTargets(request, inputs);
  return {
    ...ROOM_DEFAULTS,
    maxDowntimeMs,
    maxDurationMs: request.maxDurationMs,
    postCopy: request.postCopy ?? false,
    parallelMax,
    incomingMax: request.incomingMax ?? DRAIN_DEFAULTS.incomingMax,
    coolDownMs: request.coolDownMs ?? DRAIN_DEFAULTS.coolDownMs,
    ...wireOf(hosts.get(host)),
  };
}

/** As asked for, else the default. Throws REQUEST_INVALID where no pause is so short. */
export function maxDowntimeOf({
  maxDowntimeMs = DRAIN_DEFAULTS.maxDowntimeMs,
}: Pick<DrainRequest, 'maxDowntimeMs'>): number {
  const fixed = COST_DEFAULTS.fixedDowntimeMs;
  if (maxDowntimeMs > fixed) return maxDowntimeMs;
  const message = `maxDowntimeMs is ${maxDowntimeMs}; more than ${fixed}, which every pause takes, is accepted`;
  throw new DomainError('REQUEST_INVALID', message, { field: 'maxDowntimeMs' });
}

/** What migrations from a host go at: as an operator told, else as assumed. */
export function wireOf(
  host: HostRecord | undefined,
): Pick<DrainLimits, 'bandwidthBytesPerSec' | 'linkBytesPerSec'> {
  return {
    bandwidthBytesPerSec: host?.bandwidthBytesPerSec ?? COST_DEFAULTS.bandwidthBytesPerSec,
    linkBytesPerSec: host?.linkBytesPerSec ?? COST_DEFAULTS.linkBytesPerSec,
  };
}

/** Throws DEADLINE_PAST, and REQUEST_INVALID beyond what is planned; `word`: as the request calls it. */
export function refuseDeadline(word: 'deadline' | 'date', byMs: EpochMs, nowMs: EpochMs): void {
  const [by, now] = [byMs, nowMs].map((atMs) => new Date(atMs).toISOString());
  if (byMs <= nowMs) {
    const message = `the ${word} ${by} is not after now, ${now}`;
    throw new DomainError('DEADLINE_PAST', message, { field: 'by' });
  }
  if (byMs > nowMs + DEADLINE_HOURS_MAX * HOUR_MS) {
    const message = `by is ${by}; at most ${DEADLINE_HOURS_MAX} h from now are accepted`;
    throw new DomainError('REQUEST_INVALID', message, { field: 'by' });
  }
}

function refuseUnknownTargets(request: DrainRequest, { hosts, vms }: DrainInputs): void {
  for (const target of request.targets ?? []) {
    if (target === request.host) {
      const message = `targets has '${target}', the host that is to be emptied`;
      throw new DomainError('REQUEST_INVALID', message, { field: 'targets' });
    }
    if (!hosts.has(target) && !vms.some((vm) => vm.host === target)) {
      const message = `target host '${target.slice(0, 200)}' is unknown`;
      throw new DomainError('HOST_UNKNOWN', message, { host: target });
    }
  }
}

/** A minute for a day; five minutes beyond: the plan stays small. */
export function stepMsOf(spanMs: number): number {
  return spanMs <= 24 * HOUR_MS ? MINUTE_MS : FIVE_MINUTES_MS;
}
