// A sharp choice per series and quantile: the best of the last nights, pulled toward the fleet's.
import { fleetRelative, meanOfMembers, type FleetLosses } from './fleet-losses';
import type { ChoiceBlock, MemberLosses } from './night-losses';

export interface Choice {
  readonly members: readonly string[];
  readonly blocks: readonly ChoiceBlock[];
  /** Levels that were judged; others follow the nearest. */
  readonly levels: readonly number[];
  readonly seriesCount: number;
  /** (seriesCount, blocks, levels, members): weights, adding up to 1. */
  readonly weights: Float64Array;
  /** Why a series could not be judged and follows the fleet; sparse. */
  readonly reasons: ReadonlyMap<number, string>;
}

const PULL_NIGHTS = 6; // lab, lesson 2: the fleet weighs as much as six nights
const WORSE_MAX = 0.02; // lab, lesson 2, has 3 %: MAE of hourly rnd293 gained .3 %, nothing lost
const NIGHTS_MIN = 3; // fewer nights say less than the fleet does
const MEDIAN = 0.5;

/**
 * One choice for all levels by their mean pinball lost 10 % of it and .08 of rel on origins 9 to 24
 * of rnd293: who hits the median best is rarely who has the best tails.
 */

export function chooseMembers(losses: MemberLosses, fleet: FleetLosses): Choice {
  const { members, blocks, levels, seriesCount } = losses;
  const cellCount = blocks.length * levels.length;
  const weights = new Float64Array(seriesCount * cellCount * members.length);
  const reasons = new Map<number, string>();
  const fleetByCell = Array.from({ length: cellCount }, (_, cell) => fleetRelative(fleet, cell));
  const expected = new Float64Array(members.length);
  for (let series = 0; series < seriesCount; series += 1) {
    const nights = losses.nights[series];
    const judged = nights >= NIGHTS_MIN;
    if (!judged) reasons.set(series, reasonOf(nights));
    for (let cell = 0; cell < cellCount; cell += 1) {
      const lost = meanOfMembers(losses, losses.losses, series, cell);
      const scale = meanOfMembers(losses, losses.relative, series, cell);
      const own = judged && lost > 0 ? nights : 0;
      for (let member = 0; member < members.length; member += 1) {
        const at = (series * members.length + member) * cellCount + cell;
        const relative = own > 0 ? losses.relative[at] / scale : 0;
        expected[member] =
          (own * relative + PULL_NIGHTS * fleetByCell[cell][member]) / (own + PULL_NIGHTS);
      }
      share(expected, weights, (series * cellCount + cell) * members.length);
    }
  }
  return { members, blocks, levels, seriesCount, weights, reasons };
}

/** The member with the largest weight in the median over all leads; the first of equals. */
export function chosenModel(choice: Choice, series: number): string {
  const { members, blocks, levels, weights } = choice;
  const median = nearestLevel(levels, MEDIAN);
  let best = 0;
  let bestWeight = -1;
  for (let member = 0; member < members.length; member += 1) {
    let weight = 0;
    for (let block = 0; block < blocks.length; block += 1) {
      const leads = blocks[block].to - blocks[block].from + 1;
      const cell = (series * blocks.length + block) * levels.length + median;
      weight += leads * weights[cell * members.length + member];
    }
    if (weight > bestWeight) {
      best = member;
      bestWeight = weight;
    }
  }
  return members[best];
}

/** Position of the level nearest to `level`, the lower of two. */
export function nearestLevel(levels: readonly number[], level: number): number {
  let best = 0;
  for (let at = 1; at < levels.length; at += 1) {
    if (Math.abs(levels[at] - level) < Math.abs(levels[best] - level)) best = at;
  }
  return best;
}

/** Weights falling from 1 at the best to 0 at 3 % worse, normalised. */
function share(expected: Float64Array, weights: Float64Array, from: number): void {
  let best = Number.POSITIVE_INFINITY;
  for (const loss of expected) best = Math.min(best, loss);
  let sum = 0;
  for (let member = 0; member < expected.length; member += 1) {
    const worse = best > 0 ? expected[member] / best - 1 : expected[member] > 0 ? 1 : 0;
    const weight = Math.max(0, 1 - worse / WORSE_MAX);
    weights[from + member] = weight;
    sum += weight;
  }
  for (let member = 0; member < expected.length; member += 1) weights[from + member] /= sum;
}

function reasonOf(nights: number): string {
  return nights === 0
    ? 'no night of history to judge models by; it follows the fleet'
    : `too few nights of history to judge models by; it follows the fleet`;
}
