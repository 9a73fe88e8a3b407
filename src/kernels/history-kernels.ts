// Stored means on their way to series: laid out by row, checked, and turned into percent.

/** Rows of a source of equal steps, and where they go. */
export interface GatherShape {
  /** Steps of one row of the source. */
  readonly sourceSteps: number;
  /** Steps [from, to) of each source row are taken. */
  readonly from: number;
  readonly to: number;
  /** Steps of one row of the target, and where the first taken one goes. */
  readonly targetSteps: number;
  readonly column: number;
}

/** Hundredths of a percent; 65535 = missing. Every backend gives the same bits. */
export abstract class HistoryKernels {
  /** Source row r goes to target row rowOf[r], nowhere when negative. O(values). */
  abstract gather(
    target: Uint16Array,
    source: Uint16Array,
    rowOf: Int32Array,
    shape: GatherShape,
  ): Promise<void>;

  /** Hundredths -> percent, missing -> NaN. O(values). */
  abstract percent(centi: Uint16Array): Promise<Float64Array>;

  /** CRC-32C (Castagnoli) of the bytes, unsigned. O(bytes). */
  abstract crc32c(bytes: Uint8Array): Promise<number>;
}

/** Throws RangeError (a programming error) when sizes do not fit. */
export function checkGather(
  target: Uint16Array,
  source: Uint16Array,
  rowOf: Int32Array,
  { sourceSteps, from, to, targetSteps, column }: GatherShape,
): void {
  let last = -1;
  for (const row of rowOf) if (row > last) last = row;
  const fits =
    source.length >= rowOf.length * sourceSteps &&
    from >= 0 &&
    to <= sourceSteps &&
    column >= 0 &&
    column + Math.max(0, to - from) <= targetSteps &&
    target.length >= (last + 1) * targetSteps;
  if (!fits) throw new RangeError(`${rowOf.length} rows of ${sourceSteps} steps do not fit`);
}
