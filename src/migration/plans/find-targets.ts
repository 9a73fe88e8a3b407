// Hosts that may receive VMs, and how busy they will be.
import { DomainError, HOUR_MS, type EpochMs } from '../../core';
import { COST_DEFAULTS } from '../cost/cost-settings';
import { vcpusOf } from '../cost/predict-cost';
import type { DrainInputs, DrainRequest, PlanVm } from './drain-inputs';
import type { Target } from './pack-targets';
import { loadAt } from './plan-load';

export interface FoundTargets {
  readonly targets: readonly Target[];
  /** Hosts that are none, and what is missing. */
  readonly notes: readonly string[];
}

/** Hosts of the request, else of the cluster, that are up and of known size. */
export function findTargets(
  request: DrainRequest,
  inputs: DrainInputs,
  hours: readonly EpochMs[],
): FoundTargets {
  const cluster = clusterOf(request.host, inputs);
  const onHost = new Map<string, PlanVm[]>();
  for (const vm of inputs.vms) {
    if (vm.host === undefined) continue;
    const found = onHost.get(vm.host);
    if (found === undefined) onHost.set(vm.host, [vm]);
    else found.push(vm);
  }
  const candidates = new Set(request.targets ?? []);
  if (request.targets === undefined) {
    for (const [host] of [...inputs.hosts, ...onHost]) {
      const same = cluster !== undefined && clusterOf(host, inputs) === cluster;
      if (same && host !== request.host) candidates.add(host);
    }
  }
  const targets: Target[] = [];
  const notes: string[] = [];
  if (cluster === undefined && request.targets === undefined) {
    notes.push(`the cluster of host '${request.host}' is not known: name it, or the targets`);
  }
  for (const host of [...candidates].toSorted()) {
    const record = inputs.hosts.get(host);
    const { cores, memoryBytes, state = 'up' } = record ?? {};
    if (state !== 'up') notes.push(`host '${host}' is ${state} and receives no VM`);
    else if (cores === undefined || memoryBytes === undefined) {
      const missing = cores === undefined ? 'number of cores' : 'memory size';
      notes.push(
        `the ${missing} of host '${host}' is not known (PUT /v1/hosts): it receives no VM`,
      );
    } else {
      const vms = onHost.get(host) ?? [];
      targets.push({ host, cores, memoryBytes, ...filled(vms, inputs, hours, host, notes) });
    }
  }
  return { targets, notes };
}

export function clusterOf(host: string, { hosts, vms }: DrainInputs): string | undefined {
  return hosts.get(host)?.cluster ?? vms.find((vm) => vm.host === host && vm.cluster)?.cluster;
}

/** Names of its hosts, sorted. Throws CLUSTER_UNKNOWN. */
export function hostsOfCluster(cluster: string, inputs: DrainInputs): readonly string[] {
  const named = new Set([...inputs.hosts.keys(), ...inputs.vms.flatMap(({ host }) => host ?? [])]);
  const members = [...named].filter((host) => clusterOf(host, inputs) === cluster).toSorted();
  if (members.length > 0) return members;
  const message = `cluster '${cluster.slice(0, 200)}' is unknown: no host is in it`;
  throw new DomainError('CLUSTER_UNKNOWN', message, { cluster });
}

function filled(
  vms: readonly PlanVm[],
  inputs: DrainInputs,
  hours: readonly EpochMs[],
  host: string,
  notes: string[],
): Pick<Target, 'usedMemoryBytes' | 'busyVcpus'> {
  const busyVcpus = new Float64Array(hours.length);
  let usedMemoryBytes = 0;
  let unsized = 0;
  let silent = 0;
  for (const vm of vms) {
    if (vm.memoryBytes === undefined || vm.memoryBytes === 0) unsized += 1;
    usedMemoryBytes += vm.memoryBytes ?? COST_DEFAULTS.memoryBytesDefault;
    if (!inputs.loads.has(vm.vmId)) silent += 1;
    busyVcpusOf(vm, inputs, hours).forEach((vcpus, hour) => (busyVcpus[hour] += vcpus));
  }
  if (unsized > 0) notes.push(`${unsized} VMs of host '${host}' without a size count as 8 GiB`);
  if (silent > 0)
    notes.push(`${silent} VMs of host '${host}' without a forecast count as fully busy`);
  return { usedMemoryBytes, busyVcpus };
}

/** (hours) vCPUs that are busy in the mean; all of them where nothing is forecast. */
export function busyVcpusOf(
  vm: PlanVm,
  { loads }: Pick<DrainInputs, 'loads'>,
  hours: readonly EpochMs[],
): Float64Array {
  const load = loads.get(vm.vmId);
  const vcpus = vcpusOf(vm, COST_DEFAULTS);
  if (load === undefined) return new Float64Array(hours.length).fill(vcpus);
  const coarsest = load.slice(-1);
  return Float64Array.from(hours, (hourMs) => (loadAt(coarsest, hourMs) / 100) * vcpus);
}

/** Starts of the hours over which targets must have room. */
export function roomHours(fromMs: EpochMs, toMs: EpochMs): readonly EpochMs[] {
  const first = Math.floor(fromMs / HOUR_MS) * HOUR_MS;
  return Array.from(
    { length: Math.ceil((toMs - first) / HOUR_MS) },
    (_, at) => first + at * HOUR_MS,
  );
}
