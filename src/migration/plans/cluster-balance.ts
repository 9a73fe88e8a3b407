// The hosts of a cluster hour by hour, as VMs are moved between them on paper.
import { HOUR_MS, type EpochMs } from '../../core';
import { COST_DEFAULTS } from '../cost/cost-settings';
import type { DrainInputs, PlanVm } from './drain-inputs';
import { busyVcpusOf } from './find-targets';

/** A VM with what it asks of a host. */
export interface Tenure {
  readonly vm: PlanVm;
  readonly memoryBytes: number;
  /** (hours) busy vCPUs by forecast; all of them where there is none. */
  readonly busyVcpus: Float64Array;
}

export interface BalancedHost {
  readonly host: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** By vmId. */
  readonly tenures: Map<string, Tenure>;
  readonly busyVcpus: Float64Array;
  usedMemoryBytes: number;
}

const HOUR_SECONDS = HOUR_MS / 1_000;

/** Hosts by name; VMs of hosts that are not among them are left out. */
export class ClusterBalance {
  readonly hosts: readonly BalancedHost[];

  constructor(
    sized: readonly Pick<BalancedHost, 'host' | 'cores' | 'memoryBytes'>[],
    inputs: DrainInputs,
    readonly hours: readonly EpochMs[],
  ) {
    this.hosts = sized.map((one) => ({
      ...one,
      tenures: new Map(),
      busyVcpus: new Float64Array(hours.length),
      usedMemoryBytes: 0,
    }));
    const byName = new Map(this.hosts.map((one) => [one.host, one]));
    for (const vm of inputs.vms) {
      const host = vm.host === undefined ? undefined : byName.get(vm.host);
      if (host === undefined) continue;
      const memoryBytes = vm.memoryBytes ?? COST_DEFAULTS.memoryBytesDefault;
      this.add(host, { vm, memoryBytes, busyVcpus: busyVcpusOf(vm, inputs, hours) });
    }
  }

  move(tenure: Tenure, from: BalancedHost, to: BalancedHost): void {
    from.tenures.delete(tenure.vm.vmId);
    from.usedMemoryBytes -= tenure.memoryBytes;
    tenure.busyVcpus.forEach((vcpus, hour) => (from.busyVcpus[hour] -= vcpus));
    this.add(to, tenure);
  }

  private add(host: BalancedHost, tenure: Tenure): void {
    host.tenures.set(tenure.vm.vmId, tenure);
    host.usedMemoryBytes += tenure.memoryBytes;
    tenure.busyVcpus.forEach((vcpus, hour) => (host.busyVcpus[hour] += vcpus));
  }
}

/** vCPU-seconds that are asked for above `share` of the cores; `without`: as if it were gone. */
export function overload(host: BalancedHost, share: number, without?: Tenure): number {
  const room = host.cores * share;
  let above = 0;
  host.busyVcpus.forEach((vcpus, hour) => {
    const left = vcpus - (without?.busyVcpus[hour] ?? 0) - room;
    if (left > ROUNDING) above += left;
  });
  return above * HOUR_SECONDS;
}

/** Sums and differences of floats: what is within it is no overload. */
const ROUNDING = 1e-9;

export function overloadedHours(host: BalancedHost, share: number): number {
  return host.busyVcpus.filter((vcpus) => vcpus > host.cores * share + ROUNDING).length;
}
