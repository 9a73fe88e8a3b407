// Five-minute blocks of some VMs laid onto a VM-major grid of means and maxima.
import { FIVE_MINUTES_MS, type EpochMs } from '../../core';
import type { SealedBlock } from '../rollup-store';
import { meanCentiOf } from './hourly';
import { MISSING_CENTI } from './segment-file';

/** Known minutes of each of the 32 slot patterns. */
const MINUTES_OF = Uint8Array.from({ length: 32 }, (_, slots) => {
  let minutes = 0;
  for (let rest = slots; rest > 0; rest >>= 1) minutes += rest & 1;
  return minutes;
});

/**
 * Blocks of one start instant from several partitions become one: a VM that moved between hosts in
 * the bucket has minutes in both. Where both know the same minute the first block stays.
 */
export class BucketGrid {
  readonly meanCenti: Uint16Array;
  readonly maxCenti: Uint16Array;
  private startMs = Number.NaN;
  /** Of the current bucket, per row. */
  private readonly sumCenti: Uint32Array;
  private readonly slots: Uint8Array;

  /** rowOf: (VM indexes) -> row or -1; rows of (rowCount, length) start at `fromMs`. */
  constructor(
    private readonly rowOf: Int32Array,
    readonly rowCount: number,
    private readonly fromMs: EpochMs,
    readonly length: number,
  ) {
    this.meanCenti = new Uint16Array(rowCount * length).fill(MISSING_CENTI);
    this.maxCenti = new Uint16Array(rowCount * length).fill(MISSING_CENTI);
    this.sumCenti = new Uint32Array(rowCount);
    this.slots = new Uint8Array(rowCount);
  }

  /** Blocks come by start instant, then source and partition. O(rows of the block). */
  add(block: SealedBlock): void {
    if (block.startMs !== this.startMs) {
      this.startMs = block.startMs;
      this.slots.fill(0);
    }
    const column = (block.startMs - this.fromMs) / FIVE_MINUTES_MS;
    if (column < 0 || column >= this.length) return;
    const { rowOf, slots, sumCenti, meanCenti, maxCenti, length } = this;
    for (let index = 0; index < block.vmIndex.length; index += 1) {
      const vmIndex = block.vmIndex[index];
      const row = vmIndex < rowOf.length ? rowOf[vmIndex] : -1;
      if (row < 0 || (slots[row] & block.slots[index]) !== 0) continue;
      const isFirst = slots[row] === 0;
      slots[row] |= block.slots[index];
      sumCenti[row] = (isFirst ? 0 : sumCenti[row]) + block.sumCenti[index];
      const at = row * length + column;
      meanCenti[at] = meanCentiOf(sumCenti[row], MINUTES_OF[slots[row]]);
      const max = block.maxCenti[index];
      if (isFirst || max > maxCenti[at]) maxCenti[at] = max;
    }
  }
}

/** vmIndexes in any order, each once -> row of each index below the greatest, -1 for others. */
export function rowsOf(vmIndexes: ArrayLike<number>): Int32Array {
  let greatest = -1;
  for (let row = 0; row < vmIndexes.length; row += 1) {
    if (vmIndexes[row] > greatest) greatest = vmIndexes[row];
  }
  const rowOf = new Int32Array(greatest + 1).fill(-1);
  for (let row = 0; row < vmIndexes.length; row += 1) rowOf[vmIndexes[row]] = row;
  return rowOf;
}
