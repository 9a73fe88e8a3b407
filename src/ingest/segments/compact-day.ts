// Once a day the blocks become VM-major segments; what is too old is forgotten.
import { DAY_MS, FIVE_MINUTES_MS, HOUR_MS, type EpochMs } from '../../core';
import type { ObjectStore } from '../object-store';
import type { RollupStore, SegmentRecord } from '../rollup-store';
import { BucketGrid } from './bucket-grid';
import { hourMaxCenti, hourMeanCenti } from './centi-rules';
import { crc32c } from './crc32c';
import { encodeSegment, MISSING_CENTI, readSegment, type SegmentData } from './segment-file';

export interface CompactionSettings {
  /** VMs of one file; files begin at multiples of it, so that a growing fleet keeps its files. */
  readonly vmsPerSegment: number;
  /** VMs held in memory at once, a multiple of vmsPerSegment: 1.2 kB each. */
  readonly vmsPerPass: number;
  /** First part of each key: one per tenant. */
  readonly keyPrefix: string;
}

export const COMPACTION_SETTINGS: CompactionSettings = {
  vmsPerSegment: 4_096, // 4.7 MB a day in 5-min resolution
  vmsPerPass: 262_144, // 0.3 GB
  keyPrefix: 'segments',
};

export interface RetentionSettings {
  readonly fiveMinuteDays: number;
  readonly hourlyDays: number;
}

export const RETENTION: RetentionSettings = { fiveMinuteDays: 35, hourlyDays: 400 };

const BUCKETS = DAY_MS / FIVE_MINUTES_MS;
const HOURS = DAY_MS / HOUR_MS;

/**
 * Writes the blocks of a UTC day, on top of the segments that the day has already, as segments of
 * the next version, and lists them in the transaction that forgets the blocks. A crash before it
 * leaves unlisted files that the next call writes again. Returns what was listed; none when the day
 * has no blocks. Only for days in which nothing can be corrected any more.
 */
export async function compactDay(
  store: RollupStore,
  objects: ObjectStore,
  dayMs: EpochMs,
  settings: CompactionSettings = COMPACTION_SETTINGS,
): Promise<readonly SegmentRecord[]> {
  const { vmsPerPass } = settings;
  let vmCount = (await store.vms()).length;
  const before = {
    fiveMinute: await store.segments(dayMs, dayMs + DAY_MS, FIVE_MINUTES_MS),
    hourly: await store.segments(dayMs, dayMs + DAY_MS, HOUR_MS),
  };
  const written: SegmentRecord[] = [];
  for (let first = 0; first < vmCount; first += vmsPerPass) {
    const count = Math.min(vmsPerPass, vmCount - first);
    const rowOf = new Int32Array(first + count).fill(-1);
    for (let row = 0; row < count; row += 1) rowOf[first + row] = row;
    const grid = new BucketGrid(rowOf, count, dayMs, BUCKETS);
    const touched = new Set<number>();
    for await (const block of store.readBlocks(dayMs, dayMs + DAY_MS)) {
      grid.add(block);
      for (const vmIndex of block.vmIndex) {
        if (vmIndex >= first && vmIndex < first + count) {
          touched.add(Math.floor(vmIndex / settings.vmsPerSegment));
        }
      }
    }
    for (const part of [...touched].toSorted((a, b) => a - b)) {
      const at = part * settings.vmsPerSegment;
      const rows = Math.min(settings.vmsPerSegment, first + count - at);
      const fresh = cut(grid, dayMs, at, rows, at - first);
      written.push(...(await writePart(objects, fresh, before, settings)));
    }
  }
  if (written.length > 0) await store.replaceByDay(written, dayMs);
  return written;
}
