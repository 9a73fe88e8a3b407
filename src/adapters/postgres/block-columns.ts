// A sealed block as one bytea: vmIndex u32, sumCenti u32, maxCenti u16, slots u8, little-endian.
import type { SealedBlock } from '../../ingest';

export const BYTES_PER_ROW = 11;

/** Writes the columns of a block at `at`; returns the offset after them. O(rows), no allocation. */
export function packBlock(block: SealedBlock, target: Buffer, at: number): number {
  let offset = at;
  for (const column of [block.vmIndex, block.sumCenti, block.maxCenti, block.slots]) {
    target.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), offset);
    offset += column.byteLength;
  }
  return offset;
}

/** The columns share one new buffer; typed arrays of 4, 4, 2, 1 bytes stay aligned in that order. */
export function unpackBlock(
  head: { readonly startMs: number; readonly version: number; readonly rowCount: number },
  bytes: Uint8Array,
): SealedBlock {
  const { startMs, version, rowCount } = head;
  const own = new Uint8Array(rowCount * BYTES_PER_ROW);
  own.set(bytes.subarray(0, own.length));
  return {
    startMs,
    version,
    vmIndex: new Uint32Array(own.buffer, 0, rowCount),
    sumCenti: new Uint32Array(own.buffer, 4 * rowCount, rowCount),
    maxCenti: new Uint16Array(own.buffer, 8 * rowCount, rowCount),
    slots: new Uint8Array(own.buffer, 10 * rowCount, rowCount),
  };
}
