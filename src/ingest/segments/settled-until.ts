// Up to where sources that are being read have come: what may become segments is further back.
import type { EpochMs } from '../../core';
import type { PartitionProgress } from '../rollup-store';

/**
 * The least watermark of the partitions that moved between two looks; Infinity where none moved.
 * Late samples may still correct buckets up to the late horizon before it. A partition that is new
 * in `now` counts as moved, so that the first look after a start (`before` empty) waits for all. One
 * that stands still (a file that ended) holds nothing up.
 */
export function settledUntil(
  before: readonly PartitionProgress[],
  now: readonly PartitionProgress[],
): EpochMs {
  const seen = new Map(before.map((one) => [nameOf(one), one.nextOffset]));
  const moving = now.filter((one) => seen.get(nameOf(one)) !== one.nextOffset);
  return moving.reduce(
    (least, one) => Math.min(least, one.watermarkMs ?? Number.NEGATIVE_INFINITY),
    Number.POSITIVE_INFINITY,
  );
}

function nameOf({ source, partition }: PartitionProgress): string {
  return `${partition}\u001f${source}`;
}
