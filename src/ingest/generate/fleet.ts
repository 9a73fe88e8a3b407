// A made-up fleet: every sample is a pure function of (seed, VM, minute), so any checker can recompute it.
import { hash32, MINUTE_MS, uniform, type EpochMs } from '../../core';
import { CLASSES, classOf, type LoadShape } from './load-classes';
import type { Faults } from './faults';

export interface Fleet {
  readonly seed: number;
  readonly vmCount: number;
  readonly faults?: Faults;
}

export interface GeneratedVm {
  readonly vmId: string;
  readonly host: string;
  readonly cluster: string;
  readonly vcpus: number;
  readonly memoryBytes: number;
  readonly loadClass: string;
}

const VMS_PER_HOST = 20; // usual consolidation of a general-purpose host
const HOSTS_PER_CLUSTER = 10;
const GIB = 1_073_741_824;
const VCPUS = [1, 2, 2, 4, 4, 8, 16] as const;
const GIB_PER_VCPU = [1, 2, 4, 4, 8] as const;
/** No sample is above it; bursts above 100 happen, the real traces show up to 182. */
export const GENERATED_CENTI_MAX = 18_200;

export function vmIdAt(vmNumber: number): string {
  return `vm-${String(vmNumber).padStart(6, '0')}`;
}

export function hostAt(vmNumber: number): string {
  return `h-${String(Math.floor(vmNumber / VMS_PER_HOST)).padStart(5, '0')}`;
}

export function clusterAt(vmNumber: number): string {
  const host = Math.floor(vmNumber / VMS_PER_HOST);
  return `c-${String(Math.floor(host / HOSTS_PER_CLUSTER)).padStart(3, '0')}`;
}

export function generatedVm(fleet: Fleet, vmNumber: number): GeneratedVm {
  const vcpus = VCPUS[hash32(fleet.seed, vmNumber, 101) % VCPUS.length];
  const perVcpu = GIB_PER_VCPU[hash32(fleet.seed, vmNumber, 102) % GIB_PER_VCPU.length];
  return {
    vmId: vmIdAt(vmNumber),
    host: hostAt(vmNumber),
    cluster: clusterAt(vmNumber),
    vcpus,
    memoryBytes: vcpus * perVcpu * GIB,
    loadClass: CLASSES[classOf(uniform(fleet.seed, vmNumber, 100))].name,
  };
}

/** A host of the made-up fleet: two sockets of 32 cores, 1 TiB; its VMs fill some 40 % of it. */
export const GENERATED_HOST = { cores: 64, memoryBytes: 1_024 * GIB } as const;

/** Every host of the fleet, with its cluster. */
export function generatedHosts(
  fleet: Pick<Fleet, 'vmCount'>,
): readonly { readonly host: string; readonly cluster: string }[] {
  return Array.from({ length: Math.ceil(fleet.vmCount / VMS_PER_HOST) }, (_, at) => ({
    host: hostAt(at * VMS_PER_HOST),
    cluster: clusterAt(at * VMS_PER_HOST),
  }));
}

/** The shape of one VM's load; made once, then asked for every minute. */
export function loadShape(fleet: Fleet, vmNumber: number): LoadShape {
  const seed = hash32(fleet.seed, vmNumber, 1);
  return CLASSES[classOf(uniform(fleet.seed, vmNumber, 100))].shape(seed);
}

/** The true sample in hundredths of a percent, 0 to GENERATED_CENTI_MAX, before any fault. */
export function centiAt(shape: LoadShape, minute: number): number {
  const centi = Math.round(shape(minute) * 100);
  return centi < 0 ? 0 : centi > GENERATED_CENTI_MAX ? GENERATED_CENTI_MAX : centi;
}

/** The same by instant, for checkers: O(1), slower because the shape is made each time. */
export function generatedPct(fleet: Fleet, vmNumber: number, tsMs: EpochMs): number {
  return centiAt(loadShape(fleet, vmNumber), Math.floor(tsMs / MINUTE_MS)) / 100;
}
