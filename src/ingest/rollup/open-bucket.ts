// One five-minute bucket while samples may still arrive: sums, maxima, and minute slots per VM.
import type { EpochMs } from '../../core';
import type { SealedBlock } from '../rollup-store';

const ROWS_AT_FIRST = 64;

export class OpenBucket {
  /** (capacity), dense by vmIndex: hundredths of a percent. */
  private sumCenti = new Uint32Array(ROWS_AT_FIRST);
  private maxCenti = new Uint16Array(ROWS_AT_FIRST);
  private slots = new Uint8Array(ROWS_AT_FIRST);
  private rowCount = 0;

  constructor(
    readonly startMs: EpochMs,
    /** 0 while it was never sealed. */
    readonly version: number,
  ) {}

  /**
   * Adds a value to the slots of `mask`; false when one of them is taken: the first value stays.
   * `weight`: minutes that the value stands for.
   */
  add(vmIndex: number, centi: number, mask: number, weight: number): boolean {
    if (vmIndex >= this.slots.length) this.grow(vmIndex + 1);
    const taken = this.slots[vmIndex];
    if ((taken & mask) !== 0) return false;
    this.slots[vmIndex] = taken | mask;
    this.sumCenti[vmIndex] += centi * weight;
    if (centi > this.maxCenti[vmIndex]) this.maxCenti[vmIndex] = centi;
    if (vmIndex >= this.rowCount) this.rowCount = vmIndex + 1;
    return true;
  }

  /** The rows with at least one slot, sorted by vmIndex. */
  toBlock(version: number): SealedBlock {
    let present = 0;
    for (let row = 0; row < this.rowCount; row += 1) if (this.slots[row] !== 0) present += 1;
    const block = {
      startMs: this.startMs,
      version,
      vmIndex: new Uint32Array(present),
      sumCenti: new Uint32Array(present),
      maxCenti: new Uint16Array(present),
      slots: new Uint8Array(present),
    };
    let at = 0;
    for (let row = 0; row < this.rowCount; row += 1) {
      if (this.slots[row] === 0) continue;
      block.vmIndex[at] = row;
      block.sumCenti[at] = this.sumCenti[row];
      block.maxCenti[at] = this.maxCenti[row];
      block.slots[at] = this.slots[row];
      at += 1;
    }
    return block;
  }

  static fromBlock(block: SealedBlock): OpenBucket {
    const bucket = new OpenBucket(block.startMs, block.version);
    for (let row = 0; row < block.vmIndex.length; row += 1) {
      const vmIndex = block.vmIndex[row];
      if (vmIndex >= bucket.slots.length) bucket.grow(vmIndex + 1);
      bucket.slots[vmIndex] = block.slots[row];
      bucket.sumCenti[vmIndex] = block.sumCenti[row];
      bucket.maxCenti[vmIndex] = block.maxCenti[row];
      if (vmIndex >= bucket.rowCount) bucket.rowCount = vmIndex + 1;
    }
    return bucket;
  }

  private grow(rows: number): void {
    const capacity = Math.max(rows, 2 * this.slots.length);
    const sumCenti = new Uint32Array(capacity);
    const maxCenti = new Uint16Array(capacity);
    const slots = new Uint8Array(capacity);
    sumCenti.set(this.sumCenti);
    maxCenti.set(this.maxCenti);
    slots.set(this.slots);
    this.sumCenti = sumCenti;
    this.maxCenti = maxCenti;
    this.slots = slots;
  }
}
