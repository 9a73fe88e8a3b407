// The fleet's losses by member and block of leads: integer sums, so that any order gives one result.
import type { MemberLosses } from './member-losses';

export interface FleetLosses {
  readonly members: readonly string[];
  readonly blockCount: number;
  /** (members, blocks): sum over series of loss relative to the series' own mean, in millionths. */
  readonly relativeMillionths: readonly number[];
  /** (members, blocks): sum of losses in millionths of a CPU point, for reports. */
  readonly lossMillionths: readonly number[];
  /** (blocks): series that were judged. */
  readonly seriesCount: readonly number[];
}

const MILLION = 1_000_000;
const RELATIVE_MAX = 100; // one absurd series must not decide for the fleet

/** Exact: sums of integers below 2^53 for 10^7 series. */
export function fleetLosses(one: MemberLosses): FleetLosses {
  const blockCount = one.blocks.length;
  const memberCount = one.members.length;
  const relativeMillionths = Array.from({ length: memberCount * blockCount }, () => 0);
  const lossMillionths = Array.from({ length: memberCount * blockCount }, () => 0);
  const seriesCount = Array.from({ length: blockCount }, () => 0);
  for (let series = 0; series < one.seriesCount; series += 1) {
    for (let block = 0; block < blockCount; block += 1) {
      const scale = meanLoss(one, series, block);
      if (!(scale > 0)) continue; // a constant series forecasts itself: it favours nobody
      seriesCount[block] += 1;
      for (let member = 0; member < memberCount; member += 1) {
        const loss = one.losses[(series * memberCount + member) * blockCount + block];
        const at = member * blockCount + block;
        relativeMillionths[at] += Math.round(Math.min(RELATIVE_MAX, loss / scale) * MILLION);
        lossMillionths[at] += Math.round(loss * MILLION);
      }
    }
  }
  return { members: one.members, blockCount, relativeMillionths, lossMillionths, seriesCount };
}

/** Of the same members and blocks; a + b = b + a, bit for bit. */
export function mergeFleetLosses(a: FleetLosses, b: FleetLosses): FleetLosses {
  const add = (x: readonly number[], y: readonly number[]): number[] =>
    x.map((value, at) => value + y[at]);
  return {
    members: a.members,
    blockCount: a.blockCount,
    relativeMillionths: add(a.relativeMillionths, b.relativeMillionths),
    lossMillionths: add(a.lossMillionths, b.lossMillionths),
    seriesCount: add(a.seriesCount, b.seriesCount),
  };
}

/** Mean over members; NaN where the series was not judged. */
export function meanLoss(one: MemberLosses, series: number, block: number): number {
  const memberCount = one.members.length;
  let sum = 0;
  for (let member = 0; member < memberCount; member += 1) {
    sum += one.losses[(series * memberCount + member) * one.blocks.length + block];
  }
  return sum / memberCount;
}

/** Mean relative loss of each member in a block; 1 for all where nothing was judged. */
export function fleetRelative(fleet: FleetLosses, block: number): Float64Array {
  const count = fleet.seriesCount[block];
  return Float64Array.from(fleet.members, (_, member) =>
    count === 0
      ? 1
      : fleet.relativeMillionths[member * fleet.blockCount + block] / (count * MILLION),
  );
}
