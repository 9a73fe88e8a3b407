// Which host receives which VM: memory now, CPU by forecast at every hour.
import { uniform } from '../../core';

export interface Target {
  readonly host: string;
  readonly memoryBytes: number;
  /** Sizes of the VMs that are there. */
  readonly usedMemoryBytes: number;
  readonly cores: number;
  /** (hours) busy vCPUs by forecast. */
  readonly busyVcpus: Float64Array;
}

export interface Parcel {
  readonly vmId: string;
  readonly memoryBytes: number;
  /** (hours) */
  readonly busyVcpus: Float64Array;
}

export interface RoomLimits {
  /** Share of a host's cores that may be busy by forecast: what is left takes bursts. */
  readonly cpuShareMax: number;
  /** Share of a host's memory that VMs may have: the rest is the hypervisor's. */
  readonly memoryShareMax: number;
}

export const ROOM_DEFAULTS: RoomLimits = {
  cpuShareMax: 0.8, // usual alarm threshold of a host's CPU
  memoryShareMax: 0.95, // libvirt hosts keep 3 to 5 % for themselves and page tables
};

const SHUFFLED_TRIES = 40;

/**
 * (parcels) index of each one's target, -1 where none has room. The largest first, each to the host
 * that is left emptiest; several orders are tried, the one that places most wins, then the one whose
 * fullest host is emptiest. O(tries x parcels x targets x hours).
 */
export function packTargets(
  parcels: readonly Parcel[],
  targets: readonly Target[],
  limits: RoomLimits,
  seed: number,
): Int32Array {
  const largest = parcels
    .map((_, at) => at)
    .toSorted((a, b) => {
      const byMemory = parcels[b].memoryBytes - parcels[a].memoryBytes;
      return byMemory || peakOf(parcels[b].busyVcpus) - peakOf(parcels[a].busyVcpus) || a - b;
    });
  let best = packed(parcels, targets, limits, largest, 'emptiest');
  const more: (() => Packed)[] = [
    () => packed(parcels, targets, limits, largest, 'fullest'),
    ...Array.from({ length: SHUFFLED_TRIES }, (_, attempt) => () => {
      const key = (at: number): number => uniform(seed, at, attempt);
      const order = largest.toSorted((a, b) => key(a) - key(b));
      return packed(parcels, targets, limits, order, 'fullest');
    }),
  ];
  for (const attempt of more) {
    if (best.placed === parcels.length) break;
    const one = attempt();
    if (one.placed > best.placed) best = one;
  }
  return best.targetOf;
}

interface Packed {
  readonly targetOf: Int32Array;
  readonly placed: number;
}

function packed(
  parcels: readonly Parcel[],
  targets: readonly Target[],
  limits: RoomLimits,
  order: readonly number[],
  choice: TargetChoice,
): Packed {
  const targetOf = new Int32Array(parcels.length).fill(-1);
  const memory = targets.map((one) => one.usedMemoryBytes);
  const busy = targets.map((one) => one.busyVcpus.slice());
  let placed = 0;
  for (const at of order) {
    const chosen = chosenTarget(targets.length, choice, (to) =>
      fillWith(parcels[at], targets[to], memory[to], busy[to], limits),
    );
    if (chosen < 0) continue;
    targetOf[at] = chosen;
    placed += 1;
    memory[chosen] += parcels[at].memoryBytes;
    parcels[at].busyVcpus.forEach((vcpus, hour) => (busy[chosen][hour] += vcpus));
  }
  return { targetOf, placed };
}

/** Which of the targets with room. */
export type TargetChoice = 'emptiest' | 'fullest';

/** Place of the target that is left so, the first of equals; -1 where `fillOf` is above 1 for all. */
export function chosenTarget(
  count: number,
  choice: TargetChoice,
  fillOf: (target: number) => number,
): number {
  let chosen = -1;
  let chosenFill = choice === 'emptiest' ? Infinity : -Infinity;
  for (let target = 0; target < count; target += 1) {
    const fill = fillOf(target);
    if (fill > 1 || !(choice === 'emptiest' ? fill < chosenFill : fill > chosenFill)) continue;
    chosen = target;
    chosenFill = fill;
  }
  return chosen;
}

/** The fuller of memory and CPU after the parcel came, beside what is allowed; above 1: no room. */
export function fillWith(
  parcel: Pick<Parcel, 'memoryBytes' | 'busyVcpus'>,
  target: Pick<Target, 'memoryBytes' | 'cores'>,
  memoryBytes: number,
  busy: Float64Array,
  { cpuShareMax, memoryShareMax }: RoomLimits,
): number {
  const memory = (memoryBytes + parcel.memoryBytes) / (target.memoryBytes * memoryShareMax);
  let peak = 0;
  for (let hour = 0; hour < busy.length; hour += 1) {
    const vcpus = busy[hour] + parcel.busyVcpus[hour];
    if (vcpus > peak) peak = vcpus;
  }
  const cpu = peak / (target.cores * cpuShareMax);
  return memory > cpu ? memory : cpu;
}

export function peakOf(values: Float64Array): number {
  let peak = 0;
  for (const value of values) if (value > peak) peak = value;
  return peak;
}
