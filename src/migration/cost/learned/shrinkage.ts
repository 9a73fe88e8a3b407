// Normal-normal shrinkage down a chain of keys: each level's mean is drawn to the level above it.

/** [weighted sum, weight] of a key. */
export type LevelSums = Record<string, [number, number]>;

export interface Level {
  readonly name: string;
  /** Outcomes that the level above counts for. */
  readonly prior: number;
  /** Outcomes after which one counts half; absent = all count the same. */
  readonly halfLife?: number;
}

/** Adds `value` under `key`; older outcomes fade. O(1). */
export function learnAt(sums: LevelSums, level: Level, key: string, value: number): void {
  const fade = level.halfLife === undefined ? 1 : 0.5 ** (1 / level.halfLife);
  const [sum, weight] = sums[key] ?? [0, 0];
  sums[key] = [sum * fade + value, weight * fade + 1];
}

/**
 * Mean of a chain, and its deepest level with an outcome (-1: none). An empty key is passed over.
 * `without`: one outcome of the newest weight to leave out again (leave-one-out). O(levels).
 */
export function shrunkMean(
  chain: readonly LevelSums[],
  levels: readonly Level[],
  keys: readonly string[],
  start: number,
  without?: number,
): { readonly mean: number; readonly depth: number } {
  let mean = start;
  let depth = -1;
  for (let i = 0; i < levels.length; i += 1) {
    const known = keys[i] === '' ? undefined : chain[i][keys[i]];
    if (known === undefined) continue;
    let [sum, weight] = known;
    if (without !== undefined) {
      sum -= without;
      weight -= 1;
    }
    if (weight < 1e-6) continue;
    mean = (sum + levels[i].prior * mean) / (weight + levels[i].prior);
    depth = i;
  }
  return { mean, depth };
}
