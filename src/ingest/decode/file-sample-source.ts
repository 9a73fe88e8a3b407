// A file of series as a source: bounded, VM-major, its own log; nothing in it is late.
import { isVmId } from '../../core';
import { SampleSource, type RejectedRecord, type SampleBatch } from '../sample-source';
import { isBitbrains, readBitbrains, type VmSpec } from './read-bitbrains';
import { readSeriesFile } from './read-series-file';
import type { SeriesRows } from './series-rows';

const HEAD_BYTES = 256;

/** Position 0 until it is read to its end: a crash reads it again, which changes nothing. */
export class FileSampleSource extends SampleSource {
  override readonly name: string;
  private rows: AsyncGenerator<SeriesRows> | undefined;
  private rowCount = 0;
  private checked = 0;
  private readonly badIds = new Set<number>();
  private readonly specs = new Map<string, VmSpec>();

  constructor(
    private readonly path: string,
    override readonly stepMs: number,
  ) {
    super();
    this.name = `file:${path}`;
  }

  override async open(): Promise<void> {
    const published = await isBitbrains(this.path);
    this.rows = published ? readBitbrains(this.path, this.specs) : readSeriesFile(this.path);
  }

  /** What the file itself told of its VMs, once it is read. */
  get vmSpecs(): readonly VmSpec[] {
    return [...this.specs.values()];
  }

  /** One block of the file; `ended` with the block after the last. */
  override async read(): Promise<SampleBatch | undefined> {
    const next = await this.rows?.next();
    const end = { source: this.name, partition: 0 };
    if (next === undefined || next.done === true) {
      return { next: { ...end, nextOffset: this.rowCount }, records: [], ended: true };
    }
    const block = next.value;
    const rejected: RejectedRecord[] = block.rejected.map(({ line, reason, head }) => ({
      offset: line,
      reason: `line ${line}: ${reason}`,
      head,
    }));
    this.checkIds(block.ids);
    const kept = this.badIds.size === 0 ? block : this.withoutBadIds(block, rejected);
    const tsMs = kept.dsSec.map((seconds) => Math.round(seconds * 1_000));
    const offsets = Float64Array.from({ length: kept.count }, (_, row) => block.firstLine + row);
    this.rowCount += block.count;
    return {
      next: { ...end, nextOffset: 0 },
      records: [],
      columns: {
        count: kept.count,
        vmNames: block.ids,
        vm: kept.series,
        tsMs,
        cpuPct: kept.y,
        offsets,
      },
      rejected,
      ended: false,
    };
  }

  override commit(): Promise<void> {
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    await this.rows?.return(undefined);
  }

  private checkIds(ids: readonly string[]): void {
    for (; this.checked < ids.length; this.checked += 1) {
      if (!isVmId(ids[this.checked])) this.badIds.add(this.checked);
    }
  }

  private withoutBadIds(
    block: SeriesRows,
    rejected: RejectedRecord[],
  ): Pick<SeriesRows, 'count' | 'series' | 'dsSec' | 'y'> {
    const good: number[] = [];
    for (let row = 0; row < block.count; row += 1) {
      if (this.badIds.has(block.series[row])) {
        const text = `${block.ids[block.series[row]]},${block.dsSec[row]},${block.y[row]}`;
        const head = new TextEncoder().encode(text).slice(0, HEAD_BYTES);
        const offset = block.firstLine + row;
        rejected.push({ offset, reason: 'unique_id is no VM id', head });
      } else {
        good.push(row);
      }
    }
    return {
      count: good.length,
      series: Uint32Array.from(good, (row) => block.series[row]),
      dsSec: Float64Array.from(good, (row) => block.dsSec[row]),
      y: Float64Array.from(good, (row) => block.y[row]),
    };
  }
}
