// A sharp choice per series: the best of the last nights, lightly pulled toward the fleet's.
import { fleetRelative, meanLoss, type FleetLosses } from './fleet-losses';
import type { ChoiceBlock, MemberLosses } from './member-losses';

export interface Choice {
  readonly members: readonly string[];
  readonly blocks: readonly ChoiceBlock[];
  readonly seriesCount: number;
  /** (seriesCount, blocks, members): weights, adding up to 1. */
  readonly weights: Float64Array;
  /** Why a series could not be judged and follows the fleet; sparse. */
  readonly reasons: ReadonlyMap<number, string>;
}

const PULL_NIGHTS = 6; // lab, lesson 2: the fleet weighs as much as six nights
const WORSE_MAX = 0.03; // lab, lesson 2: weight 0 beyond 3 % worse than the best
const NIGHTS_MIN = 3; // fewer nights say less than the fleet does

export function chooseMembers(losses: MemberLosses, fleet: FleetLosses): Choice {
  const { members, blocks, seriesCount } = losses;
  const weights = new Float64Array(seriesCount * blocks.length * members.length);
  const reasons = new Map<number, string>();
  const fleetByBlock = blocks.map((_, block) => fleetRelative(fleet, block));
  const expected = new Float64Array(members.length);
  for (let series = 0; series < seriesCount; series += 1) {
    const nights = losses.nights[series];
    const judged = nights >= NIGHTS_MIN;
    if (!judged) reasons.set(series, reasonOf(nights));
    for (let block = 0; block < blocks.length; block += 1) {
      const scale = meanLoss(losses, series, block);
      const own = judged && scale > 0 ? nights : 0;
      for (let member = 0; member < members.length; member += 1) {
        const at = (series * members.length + member) * blocks.length + block;
        const relative = own > 0 ? losses.losses[at] / scale : 0;
        expected[member] =
          (own * relative + PULL_NIGHTS * fleetByBlock[block][member]) / (own + PULL_NIGHTS);
      }
      share(expected, weights, (series * blocks.length + block) * members.length);
    }
  }
  return { members, blocks, seriesCount, weights, reasons };
}

/** The member with the largest weight over all leads; the first of equals. */
export function chosenModel(choice: Choice, series: number): string {
  const { members, blocks, weights } = choice;
  let best = 0;
  let bestWeight = -1;
  for (let member = 0; member < members.length; member += 1) {
    let weight = 0;
    for (let block = 0; block < blocks.length; block += 1) {
      const leads = blocks[block].to - blocks[block].from + 1;
      weight += leads * weights[(series * blocks.length + block) * members.length + member];
    }
    if (weight > bestWeight) {
      best = member;
      bestWeight = weight;
    }
  }
  return members[best];
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
