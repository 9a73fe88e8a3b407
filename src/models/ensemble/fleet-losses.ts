// The fleet's losses by member, block of leads, and level: integer sums, so any order gives one result.
import type { MemberLosses } from './night-losses';

export interface FleetLosses {
  readonly members: readonly string[];
  readonly blockCount: number;
  readonly levelCount: number;
  /** (members, blocks, levels): sum of `relative` over the series' mean of members, millionths. */
  readonly relativeMillionths: readonly number[];
  /** (members, blocks, levels): sum of losses in millionths of a CPU point. */
  readonly lossMillionths: readonly number[];
  /** (blocks, levels): series that were judged. */
  readonly seriesCount: readonly number[];
}

const MILLION = 1_000_000;

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

function add(x: readonly number[], y: readonly number[]): number[] {
  return x.map((value, at) => value + y[at]);
}

/** Exact: sums of integers below 2^53 for 10^7 series. */
export function fleetLosses(one: MemberLosses): FleetLosses {
  const blockCount = one.blocks.length;
  const levelCount = one.levels.length;
  const memberCount = one.members.length;
  const cellCount = blockCount * levelCount;
  const relativeMillionths = zeros(memberCount * cellCount);
  const lossMillionths = zeros(memberCount * cellCount);
  const seriesCount = zeros(cellCount);
  for (let series = 0; series < one.seriesCount; series += 1) {
    for (let cell = 0; cell < cellCount; cell += 1) {
      if (!(meanOfMembers(one, one.losses, series, cell) > 0)) continue; // constant: favours nobody
      const scale = meanOfMembers(one, one.relative, series, cell);
      seriesCount[cell] += 1;
      for (let member = 0; member < memberCount; member += 1) {
        const from = (series * memberCount + member) * cellCount + cell;
        const at = member * cellCount + cell;
        relativeMillionths[at] += Math.round((one.relative[from] / scale) * MILLION);
        lossMillionths[at] += Math.round(one.losses[from] * MILLION);
      }
    }
  }
  const { members } = one;
  return { members, blockCount, levelCount, relativeMillionths, lossMillionths, seriesCount };
}

/** Of the same members and cells; a + b = b + a, bit for bit. */
export function mergeFleetLosses(a: FleetLosses, b: FleetLosses): FleetLosses {
  return {
    ...a,
    relativeMillionths: add(a.relativeMillionths, b.relativeMillionths),
    lossMillionths: add(a.lossMillionths, b.lossMillionths),
    seriesCount: add(a.seriesCount, b.seriesCount),
  };
}

/** Mean over members in cell = block x levels + level; NaN where the series was not judged. */
export function meanOfMembers(
  one: MemberLosses,
  values: Float32Array,
  series: number,
  cell: number,
): number {
  const memberCount = one.members.length;
  const cellCount = one.blocks.length * one.levels.length;
  let sum = 0;
  for (let member = 0; member < memberCount; member += 1) {
    sum += values[(series * memberCount + member) * cellCount + cell];
  }
  return sum / memberCount;
}

/**
 * What the fleet says of each member in a cell, 1 = the members' mean; 1 for all where nothing was
 * judged. Of the typical series: points lost by the whole fleet are those of a few large VMs.
 */
export function fleetRelative(fleet: FleetLosses, cell: number): Float64Array {
  const cellCount = fleet.blockCount * fleet.levelCount;
  const judged = fleet.seriesCount[cell] * MILLION;
  return Float64Array.from(fleet.members, (_, member) =>
    judged === 0 ? 1 : fleet.relativeMillionths[member * cellCount + cell] / judged,
  );
}

export interface FleetError {
  readonly model: string;
  /** Mean pinball over levels and series, CPU points. */
  readonly pinballPct: number;
  /** Mean of loss relative to the members' mean. */
  readonly relative: number;
}

/** Errors of each member in one block of leads, for reports. */
export function fleetErrors(fleet: FleetLosses, block: number): readonly FleetError[] {
  const { levelCount, blockCount } = fleet;
  return fleet.members.map((model, member) => {
    let [loss, relative, count] = [0, 0, 0];
    for (let level = 0; level < levelCount; level += 1) {
      const cell = block * levelCount + level;
      loss += fleet.lossMillionths[member * blockCount * levelCount + cell];
      relative += fleet.relativeMillionths[member * blockCount * levelCount + cell];
      count += fleet.seriesCount[cell];
    }
    const judged = Math.max(1, count) * MILLION;
    return { model, pinballPct: loss / judged, relative: relative / judged };
  });
}
