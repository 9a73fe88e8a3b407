// Once a day the blocks become VM-major segments; what is too old is forgotten.
import {
  bucketStart,
  DAY_MS,
  FIVE_MINUTES_MS,
  formatInstant,
  HOUR_MS,
  type EpochMs,
} from '../../core';
import type { ObjectStore } from '../object-store';
import type { BlockName, RollupStore, SegmentRecord } from '../rollup-store';
import { BucketGrid } from './bucket-grid';
import { crc32c } from '../../core';
import { BINS_PER_HOUR, hourCentiOf, hourMaxOf } from './hourly';
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
const NONE = { version: 0 };

/** Segments that a day has already, by first VM. */
interface Before {
  readonly fiveMinute: ReadonlyMap<number, SegmentRecord>;
  readonly hourly: ReadonlyMap<number, SegmentRecord>;
}

/**
 * Writes the blocks of a UTC day, on top of the segments that the day has already, as segments of
 * the next version, and lists them in the transaction that forgets these blocks. A crash before it
 * leaves unlisted files that the next call writes again. Returns what was written; none when the day
 * has no blocks. Blocks that come meanwhile stay beside the segments, for the next call; throws
 * DAY_CHANGED where one that was read was corrected meanwhile. Only for days in which nothing can be
 * corrected any more: a correction starts from its block, and segments are none.
 */
export async function compactDay(
  store: RollupStore,
  objects: ObjectStore,
  dayMs: EpochMs,
  settings: CompactionSettings = COMPACTION_SETTINGS,
): Promise<readonly SegmentRecord[]> {
  const { vmsPerSegment, vmsPerPass } = settings;
  const vmCount = (await store.vms()).length;
  const before: Before = {
    fiveMinute: byFirstVm(await store.segments(dayMs, dayMs + DAY_MS, FIVE_MINUTES_MS)),
    hourly: byFirstVm(await store.segments(dayMs, dayMs + DAY_MS, HOUR_MS)),
  };
  const written: SegmentRecord[] = [];
  let held: readonly BlockName[] = [];
  for (let first = 0; first < vmCount; first += vmsPerPass) {
    const count = Math.min(vmsPerPass, vmCount - first);
    const { grid, parts, blocks } = await readPass(store, dayMs, first, count, vmsPerSegment);
    if (first === 0) held = blocks; // what came later was not read by each pass
    for (const part of parts) {
      const at = part * vmsPerSegment;
      const fresh = cut(grid, dayMs, at, Math.min(vmsPerSegment, first + count - at), at - first);
      const fiveMinute = await underlay(objects, fresh, before.fiveMinute.get(at));
      const hourly = await underlay(objects, hoursOf(fiveMinute), before.hourly.get(at));
      const version = 1 + (before.fiveMinute.get(at) ?? before.hourly.get(at) ?? NONE).version;
      for (const segment of [fiveMinute, hourly]) {
        written.push(await writeSegment(objects, segment, version, settings.keyPrefix));
      }
    }
  }
  if (held.length === 0) return [];
  const replaced = new Set(written.map((record) => `${record.stepMs}/${record.firstVmIndex}`));
  const old = [...before.fiveMinute.values(), ...before.hourly.values()];
  const isReplaced = (record: SegmentRecord): boolean =>
    replaced.has(`${record.stepMs}/${record.firstVmIndex}`);
  await store.replaceBlocks([...old.filter((record) => !isReplaced(record)), ...written], held);
  for (const record of old.filter(isReplaced)) await objects.delete(record.key);
  return written;
}

/** Compacts every UTC day that ends at or before `untilMs`; returns how many days were written. */
export async function compactUntil(
  store: RollupStore,
  objects: ObjectStore,
  untilMs: EpochMs,
  settings: CompactionSettings = COMPACTION_SETTINGS,
): Promise<number> {
  let days = 0;
  for (;;) {
    const span = await store.blockSpan();
    if (span === undefined) return days;
    const dayMs = bucketStart(span.firstMs, DAY_MS);
    if (dayMs + DAY_MS > untilMs) return days;
    await compactDay(store, objects, dayMs, settings);
    days += 1;
  }
}

/** Forgets and deletes segments beyond the retention; returns how many files went. */
export async function forgetOldSegments(
  store: RollupStore,
  objects: ObjectStore,
  nowMs: EpochMs,
  retention: RetentionSettings = RETENTION,
): Promise<number> {
  const today = bucketStart(nowMs, DAY_MS);
  const gone = [
    ...(await store.forgetBefore(FIVE_MINUTES_MS, today - retention.fiveMinuteDays * DAY_MS)),
    ...(await store.forgetBefore(HOUR_MS, today - retention.hourlyDays * DAY_MS)),
  ];
  for (const key of gone) await objects.delete(key);
  return gone.length;
}

/** The blocks of the day for VMs [first, first + count), which they are, and which files they touch. */
async function readPass(
  store: RollupStore,
  dayMs: EpochMs,
  first: number,
  count: number,
  vmsPerSegment: number,
): Promise<{
  readonly grid: BucketGrid;
  readonly parts: readonly number[];
  readonly blocks: readonly BlockName[];
}> {
  const rowOf = new Int32Array(first + count).fill(-1);
  for (let row = 0; row < count; row += 1) rowOf[first + row] = row;
  const grid = new BucketGrid(rowOf, count, dayMs, BUCKETS);
  const parts = new Set<number>();
  const blocks: BlockName[] = [];
  for await (const block of store.readBlocks(dayMs, dayMs + DAY_MS)) {
    grid.add(block);
    const { source, partition, startMs, version } = block;
    blocks.push({ source, partition, startMs, version });
    let nextPartAt = first;
    for (const vmIndex of block.vmIndex) {
      if (vmIndex < nextPartAt || vmIndex >= first + count) continue;
      const part = Math.floor(vmIndex / vmsPerSegment);
      parts.add(part);
      nextPartAt = (part + 1) * vmsPerSegment; // rows are sorted by vmIndex
    }
  }
  return { grid, parts: [...parts].toSorted((a, b) => a - b), blocks };
}

function cut(
  grid: BucketGrid,
  dayMs: EpochMs,
  firstVmIndex: number,
  vmCount: number,
  row: number,
): SegmentData {
  const [from, to] = [row * BUCKETS, (row + vmCount) * BUCKETS];
  return {
    dayMs,
    stepMs: FIVE_MINUTES_MS,
    firstVmIndex,
    vmCount,
    meanCenti: grid.meanCenti.subarray(from, to),
    maxCenti: grid.maxCenti.subarray(from, to),
  };
}

/** Fills what is missing in `fresh`, in place, from the segment before. */
async function underlay(
  objects: ObjectStore,
  fresh: SegmentData,
  before: SegmentRecord | undefined,
): Promise<SegmentData> {
  if (before === undefined) return fresh;
  const old = await readSegment(objects, before);
  const length = Math.min(old.vmCount, fresh.vmCount) * (DAY_MS / fresh.stepMs);
  for (let at = 0; at < length; at += 1) {
    if (fresh.meanCenti[at] !== MISSING_CENTI) continue;
    fresh.meanCenti[at] = old.meanCenti[at];
    fresh.maxCenti[at] = old.maxCenti[at];
  }
  return fresh;
}

function hoursOf(fiveMinute: SegmentData): SegmentData {
  const { dayMs, firstVmIndex, vmCount } = fiveMinute;
  const meanCenti = new Uint16Array(vmCount * HOURS);
  const maxCenti = new Uint16Array(vmCount * HOURS);
  for (let at = 0; at < meanCenti.length; at += 1) {
    meanCenti[at] = hourCentiOf(fiveMinute.meanCenti, at * BINS_PER_HOUR);
    maxCenti[at] = hourMaxOf(fiveMinute.meanCenti, fiveMinute.maxCenti, at * BINS_PER_HOUR);
  }
  return { dayMs, stepMs: HOUR_MS, firstVmIndex, vmCount, meanCenti, maxCenti };
}

async function writeSegment(
  objects: ObjectStore,
  segment: SegmentData,
  version: number,
  keyPrefix: string,
): Promise<SegmentRecord> {
  const { dayMs, stepMs, firstVmIndex, vmCount } = segment;
  const bytes = encodeSegment(segment);
  const day = formatInstant(dayMs).slice(0, 10);
  const part = String(firstVmIndex).padStart(9, '0');
  const key = `${keyPrefix}/${stepMs / 1_000}s/${day}/${part}.v${version}.arrow`;
  await objects.put(key, bytes);
  const size = bytes.length;
  return { key, dayMs, stepMs, firstVmIndex, vmCount, version, crc32c: crc32c(bytes), bytes: size };
}

function byFirstVm(records: readonly SegmentRecord[]): ReadonlyMap<number, SegmentRecord> {
  return new Map(records.map((record) => [record.firstVmIndex, record]));
}
