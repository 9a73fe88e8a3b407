// What a rolling upgrade asks for, checked.
import { DomainError, MINUTE_MS, type EpochMs } from '../../core';
import { refuseDeadline, type DrainInputs, type DrainRequest } from './drain-inputs';
import { hostsOfCluster } from './find-targets';

export interface UpgradeRequest extends Omit<DrainRequest, 'host' | 'targets'> {
  readonly cluster: string;
  /** What a host takes when it is empty: install, restart, checks. */
  readonly hostMs?: number;
  /** Share of the cluster's cores that is in service at any time. */
  readonly capacityFloor?: number;
  /** Absent: every host of the cluster that is up. */
  readonly hosts?: readonly string[];
}

export const UPGRADE_DEFAULTS = {
  hostMs: 30 * MINUTE_MS, // a firmware update and a restart of a server
  capacityFloor: 0.75, // one host of four
} as const;

export interface UpgradeHost {
  readonly host: string;
  readonly cores: number;
  /** Of the VMs that are on it. */
  readonly vmMemoryBytes: number;
}

export interface CheckedUpgrade {
  readonly byMs: EpochMs;
  readonly hostMs: number;
  readonly capacityFloor: number;
  /** To be upgraded. */
  readonly hosts: readonly UpgradeHost[];
  /** Every host of the cluster that is up. */
  readonly members: readonly string[];
  readonly totalCores: number;
}

/** Throws CLUSTER_UNKNOWN, HOST_UNKNOWN, DEADLINE_PAST, REQUEST_INVALID; each names the thing. */
export function checkUpgrade(request: UpgradeRequest, inputs: DrainInputs): CheckedUpgrade {
  const { cluster, byMs } = request;
  const members = hostsOfCluster(cluster, inputs);
  refuseDeadline('date', byMs, inputs.nowMs);
  const up = members.filter((host) => (inputs.hosts.get(host)?.state ?? 'up') === 'up');
  const memory = memoryByHost(inputs);
  const sized = up.map((host) => {
    const cores = inputs.hosts.get(host)?.cores;
    if (cores === undefined) {
      const message = `the number of cores of host '${host}' is not known; tell it with PUT /v1/hosts`;
      throw new DomainError('REQUEST_INVALID', message, { field: 'cluster' });
    }
    return { host, cores, vmMemoryBytes: memory.get(host) ?? 0 };
  });
  const stranger = request.hosts?.find((host) => !up.includes(host));
  if (stranger !== undefined) {
    const message = `host '${stranger.slice(0, 200)}' is not up in cluster '${cluster}'`;
    throw new DomainError('HOST_UNKNOWN', message, { host: stranger });
  }
  const hosts = sized.filter(({ host }) => request.hosts?.includes(host) ?? true);
  const totalCores = sized.reduce((sum, { cores }) => sum + cores, 0);
  const capacityFloor = request.capacityFloor ?? UPGRADE_DEFAULTS.capacityFloor;
  refuseFloor(capacityFloor, hosts, totalCores);
  const hostMs = request.hostMs ?? UPGRADE_DEFAULTS.hostMs;
  return { byMs, hostMs, capacityFloor, hosts, members: up, totalCores };
}

function memoryByHost({ vms }: DrainInputs): ReadonlyMap<string, number> {
  const memory = new Map<string, number>();
  for (const { host, memoryBytes = 0 } of vms) {
    if (host !== undefined) memory.set(host, (memory.get(host) ?? 0) + memoryBytes);
  }
  return memory;
}

function refuseFloor(floor: number, hosts: readonly UpgradeHost[], totalCores: number): void {
  if (hosts.length === 0) return;
  const largest = hosts.reduce((a, b) => (b.cores > a.cores ? b : a));
  const highest = Math.floor((1 - largest.cores / totalCores) * 1_000) / 1_000;
  if (floor >= 0 && floor <= highest) return;
  throw new DomainError(
    'REQUEST_INVALID',
    `capacityFloor is ${floor}: without host '${largest.host}' ${highest} of the cluster is left; 0 to ${highest} is accepted`,
    { field: 'capacityFloor' },
  );
}
