// A schedule under construction: what is in flight at each step, and the best place for one more move.
import type { DrainProblem, Placement } from './drain-problem';

/** How a place is valued; the least value wins, then the earliest start. */
export type Valuation =
  | { readonly by: 'harm' }
  /** As early as possible: what a tight deadline needs; of equals the one that lets most beside it. */
  | { readonly by: 'end' }
  /** As little of the bandwidth as possible, then as early: so that others fit too. */
  | { readonly by: 'room' }
  /** Harm and the price of the bandwidth; sums[t] = price of steps [0, t). */
  | { readonly by: 'price'; readonly sums: Float64Array };

/** Decides between equal ends only: ends are whole, shares few. */
const SHARE_TIE = 1 / 64;

export class Schedule {
  readonly placements: (Placement | undefined)[];
  private readonly inFlight: Int32Array;
  /** (steps) least share of the moves in flight. */
  private readonly least: Int32Array;
  /** (targets, steps) */
  private readonly incoming: Int32Array;
  private readonly successors: readonly (readonly number[])[];

  constructor(private readonly problem: DrainProblem) {
    const { moves, steps, targetCount, inFlightMax, after } = problem;
    this.placements = moves.map(() => undefined);
    this.inFlight = new Int32Array(steps);
    this.least = new Int32Array(steps).fill(inFlightMax);
    this.incoming = new Int32Array(targetCount * steps);
    this.successors = moves.map((_, move) =>
      moves.flatMap((__, other) => (after[other].includes(move) ? [other] : [])),
    );
  }

  get placedCount(): number {
    return this.placements.filter((one) => one !== undefined).length;
  }

  get harm(): number {
    return this.placements.reduce((sum, one) => sum + (one?.harm ?? 0), 0);
  }

  /** Nothing is placed before what it waits for is. */
  keepsOrder(): boolean {
    return this.problem.after.every(
      (before, move) =>
        this.placements[move] === undefined ||
        before.every((one) => this.placements[one] !== undefined),
    );
  }

  /** The best free place of a move that is not placed; undefined when there is none. O(shares x steps). */
  best(move: number, valuation: Valuation): Placement | undefined {
    const { problem } = this;
    const [from, until] = this.order(move);
    const barred = this.barred(move);
    const incomingFrom = problem.targetOf[move] * problem.steps;
    const { durations, harms, allowedRun, earliestStep } = problem.moves[move];
    const first = from > earliestStep ? from : earliestStep;
    let found: Placement | undefined;
    let value = Infinity;
    for (let share = 1; share <= problem.inFlightMax; share += 1) {
      const duration = durations[share - 1];
      const harm = harms[share - 1];
      let free = 0;
      for (let t = until - 1; t >= first; t -= 1) {
        const room = this.least[t] < share ? this.least[t] : share;
        const blocked =
          this.inFlight[t] >= room ||
          barred[t] > 0 ||
          this.incoming[incomingFrom + t] >= problem.incomingMax;
        free = blocked ? 0 : free + 1;
        const bin = (t / problem.stepsPerBin) | 0;
        const steps = duration[bin];
        if (steps === 0 || steps > free || steps > allowedRun[t]) continue;
        const here = valueOf(valuation, harm[bin], t, steps, share);
        if (here < value || (here === value && t < (found?.start ?? 0))) {
          value = here;
          found = { start: t, duration: steps, share, harm: harm[bin] };
        }
      }
    }
    return found;
  }

  /** The place is free. */
  place(move: number, placement: Placement): void {
    this.placements[move] = placement;
    this.count(move, placement, 1);
    const { start, duration, share } = placement;
    for (let t = start; t < start + duration; t += 1) {
      if (share < this.least[t]) this.least[t] = share;
    }
  }

  remove(move: number): Placement | undefined {
    const placement = this.placements[move];
    if (placement === undefined) return undefined;
    this.placements[move] = undefined;
    this.count(move, placement, -1);
    const { start, duration } = placement;
    this.least.fill(this.problem.inFlightMax, start, start + duration);
    for (const other of this.placements) {
      if (other === undefined) continue;
      const from = Math.max(start, other.start);
      const to = Math.min(start + duration, other.start + other.duration);
      for (let t = from; t < to; t += 1) {
        if (other.share < this.least[t]) this.least[t] = other.share;
      }
    }
    return placement;
  }

  /** Moves that stand in the way of a place: in flight beside it where that is too many, or barred. */
  conflicts(move: number, place: Placement): readonly number[] {
    const end = place.start + place.duration;
    const { apart, targetOf, incomingMax, after } = this.problem;
    const beside = this.placements.flatMap((other, at) => {
      if (other === undefined || at === move) return [];
      const overlaps = other.start < end && other.start + other.duration > place.start;
      const ordered =
        (after[move].includes(at) && other.start + other.duration > place.start) ||
        (after[at].includes(move) && other.start < end);
      return overlaps || ordered ? [at] : [];
    });
    return beside.filter((at) => {
      const other = this.placements[at] as Placement;
      if (apart[move].includes(at) || after[move].includes(at) || after[at].includes(move)) {
        return true;
      }
      if (targetOf[at] === targetOf[move] && incomingMax === 1) return true;
      const from = Math.max(place.start, other.start);
      const to = Math.min(end, other.start + other.duration);
      for (let t = from; t < to; t += 1) {
        if (this.inFlight[t] >= Math.min(place.share, this.least[t])) return true;
        if (this.incoming[targetOf[move] * this.problem.steps + t] >= incomingMax) return true;
      }
      return false;
    });
  }

  private count(move: number, { start, duration }: Placement, by: 1 | -1): void {
    const from = this.problem.targetOf[move] * this.problem.steps;
    for (let t = start; t < start + duration; t += 1) {
      this.inFlight[t] += by;
      this.incoming[from + t] += by;
    }
  }

  /** [first step, end] that the order of dependencies leaves; empty while one before is not placed. */
  private order(move: number): readonly [number, number] {
    let from = 0;
    let until = this.problem.steps;
    for (const before of this.problem.after[move]) {
      const placed = this.placements[before];
      if (placed === undefined) return [0, 0];
      from = Math.max(from, placed.start + placed.duration);
    }
    for (const next of this.successors[move]) {
      const placed = this.placements[next];
      if (placed !== undefined) until = Math.min(until, placed.start);
    }
    return [from, until];
  }

  /** (steps) above 0 where a move is in flight that must be apart. */
  private barred(move: number): Uint8Array {
    const barred = new Uint8Array(this.problem.steps);
    for (const other of this.problem.apart[move]) {
      const placed = this.placements[other];
      if (placed !== undefined) barred.fill(1, placed.start, placed.start + placed.duration);
    }
    return barred;
  }
}

function valueOf(
  valuation: Valuation,
  harm: number,
  start: number,
  steps: number,
  share: number,
): number {
  if (valuation.by === 'harm') return harm;
  if (valuation.by === 'end') return start + steps - share * SHARE_TIE;
  if (valuation.by === 'room') return steps / share;
  return harm + (valuation.sums[start + steps] - valuation.sums[start]) / share;
}
