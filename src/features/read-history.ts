// History of VMs on a grid: segments first, then the blocks that are not in segments yet.
import {
  bucketStart,
  DAY_MS,
  DomainError,
  FIVE_MINUTES_MS,
  HOUR_MS,
  type EpochMs,
  type SeriesBatch,
} from '../core';
import {
  BINS_PER_HOUR,
  BucketGrid,
  hourCentiOf,
  MISSING_CENTI,
  readSegment,
  rowsOf,
  type ObjectStore,
  type RollupStore,
} from '../ingest';
import { openKernels, type HistoryKernels } from '../kernels';

const BUCKETS_PER_DAY = DAY_MS / FIVE_MINUTES_MS;
const HOURS_PER_DAY = DAY_MS / HOUR_MS;
const ATTEMPTS_MAX = 5; // days are compacted one by one, some seconds apart

export interface History {
  /** (VMs, buckets) in cpuPct, NaN = missing. */
  readonly fiveMinute: SeriesBatch;
  /** (VMs, whole hours) in cpuPct, NaN = fewer than six buckets. */
  readonly hourly: SeriesBatch;
}

/** Means in hundredths, MISSING_CENTI = missing; rows of the VMs that were asked for. */
interface CentiGrid {
  readonly fromMs: EpochMs;
  readonly stepMs: number;
  readonly length: number;
  readonly values: Uint16Array;
}

/**
 * Reads one tenant's means. Buckets lie wholly inside [fromMs, toMs), so that a cutoff is never
 * looked past; both hours and buckets are integers of hundredths until the last step, so that
 * every path (segment, block, derived hour) gives the same bits.
 */
export class HistoryReader {
  constructor(
    private readonly store: RollupStore,
    private readonly objects: ObjectStore,
    /** Without them the reference's serve. */
    private readonly kernels: HistoryKernels = openKernels('reference').history,
  ) {}

  /** Rows in the order of `vmIndexes`, each index once. Throws SEGMENT_CORRUPT. */
  async read(vmIndexes: Uint32Array, fromMs: EpochMs, toMs: EpochMs): Promise<History> {
    return {
      fiveMinute: await this.fiveMinute(vmIndexes, fromMs, toMs),
      hourly: await this.hourly(vmIndexes, fromMs, toMs),
    };
  }

  /** `stepMs`: five minutes or an hour. */
  series(
    stepMs: number,
    vmIndexes: Uint32Array,
    fromMs: EpochMs,
    toMs: EpochMs,
    kernels: HistoryKernels = this.kernels,
  ): Promise<SeriesBatch> {
    const reader = new HistoryReader(this.store, this.objects, kernels);
    if (stepMs === HOUR_MS) return reader.hourly(vmIndexes, fromMs, toMs);
    return reader.fiveMinute(vmIndexes, fromMs, toMs);
  }

  fiveMinute(vmIndexes: Uint32Array, fromMs: EpochMs, toMs: EpochMs): Promise<SeriesBatch> {
    return this.unchanged(fromMs, toMs, () => this.readBuckets(vmIndexes, fromMs, toMs));
  }

  /** Hours come from hourly segments; where blocks lie on top, from the buckets of their day. */
  hourly(vmIndexes: Uint32Array, fromMs: EpochMs, toMs: EpochMs): Promise<SeriesBatch> {
    return this.unchanged(fromMs, toMs, () => this.readHours(vmIndexes, fromMs, toMs));
  }

  /** Blocks that become segments between two reads would be seen in neither: read again then. */
  private async unchanged<T>(fromMs: EpochMs, toMs: EpochMs, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.listed(fromMs, toMs);
      const result = await work().catch(async (error: unknown) => {
        if (attempt < ATTEMPTS_MAX && (await this.listed(fromMs, toMs)) !== before)
          return undefined;
        throw error;
      });
      if (result !== undefined && (await this.listed(fromMs, toMs)) === before) return result;
      if (attempt === ATTEMPTS_MAX) {
        throw new DomainError('STORE_UNAVAILABLE', 'segments changed during each of 5 reads');
      }
    }
  }

  private async listed(fromMs: EpochMs, toMs: EpochMs): Promise<string> {
    const records = await this.store.segments(fromMs, toMs, FIVE_MINUTES_MS);
    return records.map((record) => record.key).join();
  }

  private async readBuckets(
    vmIndexes: Uint32Array,
    fromMs: EpochMs,
    toMs: EpochMs,
  ): Promise<SeriesBatch> {
    const rowOf = rowsOf(vmIndexes);
    const grid = gridOf(vmIndexes.length, fromMs, toMs, FIVE_MINUTES_MS);
    await this.fillFromSegments(grid, rowOf);
    const endMs = grid.fromMs + grid.length * FIVE_MINUTES_MS;
    for await (const day of this.blockDays(rowOf, vmIndexes.length, grid.fromMs, endMs)) {
      overlay(grid, day, vmIndexes.length);
    }
    return this.toBatch(grid, vmIndexes.length);
  }

  private async readHours(
    vmIndexes: Uint32Array,
    fromMs: EpochMs,
    toMs: EpochMs,
  ): Promise<SeriesBatch> {
    const rowCount = vmIndexes.length;
    const rowOf = rowsOf(vmIndexes);
    const grid = gridOf(rowCount, fromMs, toMs, HOUR_MS);
    await this.fillFromSegments(grid, rowOf);
    const endMs = grid.fromMs + grid.length * HOUR_MS;
    for await (const blocks of this.blockDays(rowOf, rowCount, grid.fromMs, endMs)) {
      const day = gridOf(rowCount, blocks.fromMs, blocks.fromMs + DAY_MS, FIVE_MINUTES_MS);
      await this.fillFromSegments(day, rowOf);
      overlay(day, blocks, rowCount);
      overlay(grid, hoursOf(day, rowCount), rowCount);
    }
    return this.toBatch(grid, rowCount);
  }

  private async fillFromSegments(grid: CentiGrid, rowOf: Int32Array): Promise<void> {
    const { fromMs, stepMs, length, values } = grid;
    const endMs = fromMs + length * stepMs;
    if (length === 0 || rowOf.length === 0) return;
    for (const record of await this.store.segments(fromMs, endMs, stepMs)) {
      const { firstVmIndex, vmCount, dayMs } = record;
      const last = Math.min(rowOf.length, firstVmIndex + vmCount);
      if (!rowOf.subarray(firstVmIndex, last).some((row) => row >= 0)) continue;
      const { meanCenti } = await readSegment(this.objects, record, this.kernels);
      const steps = DAY_MS / stepMs;
      const from = Math.max(0, (fromMs - dayMs) / stepMs);
      const to = Math.min(steps, (endMs - dayMs) / stepMs);
      const column = (dayMs - fromMs) / stepMs + from;
      const shape = { sourceSteps: steps, from, to, targetSteps: length, column };
      await this.kernels.gather(values, meanCenti, rowOf.subarray(firstVmIndex, last), shape);
    }
  }

  private async toBatch(grid: CentiGrid, seriesCount: number): Promise<SeriesBatch> {
    const { fromMs: startMs, stepMs, length } = grid;
    const values = await this.kernels.percent(grid.values);
    return { startMs, stepMs, seriesCount, length, values };
  }

  /** One grid for each UTC day that has blocks between the instants. */
  private async *blockDays(
    rowOf: Int32Array,
    rowCount: number,
    fromMs: EpochMs,
    endMs: EpochMs,
  ): AsyncGenerator<CentiGrid> {
    let dayMs = Number.NaN;
    let grid: BucketGrid | undefined;
    const finished = (done: BucketGrid): CentiGrid => ({
      fromMs: dayMs,
      stepMs: FIVE_MINUTES_MS,
      length: BUCKETS_PER_DAY,
      values: done.meanCenti,
    });
    for await (const block of this.store.readBlocks(fromMs, endMs)) {
      const day = bucketStart(block.startMs, DAY_MS);
      if (grid === undefined || day !== dayMs) {
        if (grid !== undefined) yield finished(grid);
        dayMs = day;
        grid = new BucketGrid(rowOf, rowCount, day, BUCKETS_PER_DAY);
      }
      grid.add(block);
    }
    if (grid !== undefined) yield finished(grid);
  }
}

/** Whole steps inside [fromMs, toMs); every value missing. */
function gridOf(rowCount: number, fromMs: EpochMs, toMs: EpochMs, stepMs: number): CentiGrid {
  const first = Math.ceil(fromMs / stepMs) * stepMs;
  const length = Math.max(0, Math.floor((toMs - first) / stepMs));
  const values = new Uint16Array(rowCount * length).fill(MISSING_CENTI);
  return { fromMs: first, stepMs, length, values };
}

/** Lays what is present in `over` onto `grid` (same step). */
function overlay(grid: CentiGrid, over: CentiGrid, rowCount: number): void {
  const shift = (over.fromMs - grid.fromMs) / grid.stepMs;
  const from = Math.max(0, -shift);
  const to = Math.min(over.length, grid.length - shift);
  for (let row = 0; row < rowCount; row += 1) {
    const target = row * grid.length + shift;
    const source = row * over.length;
    for (let column = from; column < to; column += 1) {
      const value = over.values[source + column];
      if (value !== MISSING_CENTI) grid.values[target + column] = value;
    }
  }
}

function hoursOf(day: CentiGrid, rowCount: number): CentiGrid {
  const values = new Uint16Array(rowCount * HOURS_PER_DAY);
  for (let at = 0; at < values.length; at += 1)
    values[at] = hourCentiOf(day.values, at * BINS_PER_HOUR);
  return { fromMs: day.fromMs, stepMs: HOUR_MS, length: HOURS_PER_DAY, values };
}
