// The fleet's losses by member, block of leads, and level: integer sums, so any order gives one result.
import type { MemberLosses } from './night-losses';

export interface FleetLosses {
  readonly members: readonly string[];
  readonly blockCount: number;
  readonly levelCount: number;
  /** (members, blocks, levels): sum of loss relative to the series' mean of members, millionths. */
  readonly relativeMillionths: readonly number[];
  /** (members, blocks, levels): sum of losses in millionths of a CPU point. */
  readonly lossMillionths: readonly number[];
  /** (blocks, levels): series that were judged. */
  readonly seriesCount: readonly number[];
}

const MILLION = 1_000_000;
const RELATIVE_MAX = 100; // one absurd series must not decide for the fleet

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
      const scale = meanLoss(one, series, cell);
      if (!(scale > 0)) continue; // a constant series forecasts itself: it favours nobody
      seriesCount[cell] += 1;
      for (let member = 0; member < memberCount; member += 1) {
        const loss = one.losses[(series * memberCount + member) * cellCount + cell];
        const at = member * cellCount + cell;
        relativeMillionths[at] += Math.round(Math.min(RELATIVE_MAX, loss / scale) * MILLION);
        lossMillionths[at] += Math.round(loss * MILLION);
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
export function meanLoss(one: MemberLosses, series: number, cell: number): number {
  const memberCount = one.members.length;
  const cellCount = one.blocks.length * one.levels.length;
  let sum = 0;
  for (let member = 0; member < memberCount; member += 1) {
    sum += one.losses[(series * memberCount + member) * cellCount + cell];
  }
  return sum / memberCount;
}

/**
 * What the fleet says of each member in a cell, 1 = the members' mean; 1 for all where nothing was
 * judged. Half the typical series, half the points lost: either alone sacrifices the other.
 */
export function fleetRelative(fleet: FleetLosses, cell: number): Float64Array {
  const cellCount = fleet.blockCount * fleet.levelCount;
  const count = fleet.seriesCount[cell];
  let pooled = 0;
  for (let member = 0; member < fleet.members.length; member += 1) {
    pooled += fleet.lossMillionths[member * cellCount + cell] / fleet.members.length;
  }
  return Float64Array.from(fleet.members, (_, member) => {
    if (count === 0) return 1;
    const typical = fleet.relativeMillionths[member * cellCount + cell] / (count * MILLION);
    const lost = pooled > 0 ? fleet.lossMillionths[member * cellCount + cell] / pooled : typical;
    return (typical + lost) / 2;
  });
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
