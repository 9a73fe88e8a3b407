// The generator as a source: its own log, in which the record of offset k is minute k of all VMs.
import { MINUTE_MS, type EpochMs } from '../../core';
import { SampleSource, type LogPosition, type SampleBatch } from '../sample-source';
import {
  arrivalOf,
  faultyPct,
  isDuplicated,
  isInGap,
  LATE_MINUTES,
  NO_FAULTS,
  OUT_OF_ORDER_MINUTES,
} from './faults';
import { centiAt, loadShape, vmIdAt, type Fleet } from './fleet';
import type { LoadShape } from './load-classes';

export interface GeneratorSettings {
  readonly fleet: Fleet;
  /** First and end minute, half open. */
  readonly startMs: EpochMs;
  readonly endMs: EpochMs;
}

interface Columns {
  count: number;
  readonly vm: Uint32Array;
  readonly tsMs: Float64Array;
  readonly cpuPct: Float64Array;
  readonly offsets: Float64Array;
}

/** Bounded and resumable; one partition. At most 2.02 samples a VM and minute with all faults. */
export class GeneratorSampleSource extends SampleSource {
  override readonly name: string;
  override readonly stepMs = MINUTE_MS;
  private readonly shapes: readonly LoadShape[];
  private readonly vmNames: readonly string[];
  private next = 0;

  constructor(private readonly settings: GeneratorSettings) {
    super();
    const { fleet } = settings;
    // Offsets count from the epoch, so that a longer fleet continues a shorter one.
    this.name = `generator:${fleet.seed}:${fleet.vmCount}`;
    this.shapes = Array.from({ length: fleet.vmCount }, (_, vm) => loadShape(fleet, vm));
    this.vmNames = Array.from({ length: fleet.vmCount }, (_, vm) => vmIdAt(vm));
  }

  override open(positions: readonly LogPosition[]): Promise<void> {
    const first = Math.floor(this.settings.startMs / MINUTE_MS);
    this.next = Math.max(first, positions[0]?.nextOffset ?? 0);
    return Promise.resolve();
  }

  override read(options: { readonly maxSamples: number }): Promise<SampleBatch | undefined> {
    const end = Math.floor(this.settings.endMs / MINUTE_MS);
    const { vmCount } = this.settings.fleet;
    const minutes = Math.min(
      Math.max(0, end - this.next),
      Math.max(1, Math.floor(options.maxSamples / Math.max(1, vmCount))),
    );
    const perMinute = this.settings.fleet.faults === undefined ? vmCount : 4 * vmCount;
    const columns: Columns = {
      count: 0,
      vm: new Uint32Array(minutes * perMinute),
      tsMs: new Float64Array(minutes * perMinute),
      cpuPct: new Float64Array(minutes * perMinute),
      offsets: new Float64Array(minutes * perMinute),
    };
    for (let index = 0; index < minutes; index += 1) {
      if (this.settings.fleet.faults === undefined) this.cleanMinute(this.next + index, columns);
      else this.faultyMinute(this.next + index, columns);
    }
    this.next += minutes;
    return Promise.resolve({
      next: { source: this.name, partition: 0, nextOffset: this.next },
      records: [],
      columns: { ...columns, vmNames: this.vmNames },
      ended: this.next >= end,
    });
  }

  override commit(): Promise<void> {
    return Promise.resolve(); // nothing is kept: the log is a formula
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  private cleanMinute(minute: number, columns: Columns): void {
    for (let vm = 0; vm < this.shapes.length; vm += 1) {
      this.add(columns, minute, vm, minute, centiAt(this.shapes[vm], minute) / 100);
    }
  }

  private faultyMinute(minute: number, columns: Columns): void {
    const { faults = NO_FAULTS, seed } = this.settings.fleet;
    for (let vm = 0; vm < this.shapes.length; vm += 1) {
      for (const [arrival, delay] of [
        ['on-time', 0],
        ['out-of-order', OUT_OF_ORDER_MINUTES],
        ['late', LATE_MINUTES],
      ] as const) {
        const of = minute - delay;
        if (of * MINUTE_MS < this.settings.startMs) continue;
        if (arrivalOf(faults, seed, vm, of) !== arrival || isInGap(faults, seed, vm, of)) continue;
        const truePct = centiAt(this.shapes[vm], of) / 100;
        const cpuPct = faultyPct(faults, seed, vm, of, truePct);
        this.add(columns, minute, vm, of, cpuPct);
        if (isDuplicated(faults, seed, vm, of)) this.add(columns, minute, vm, of, cpuPct);
      }
    }
  }

  private add(columns: Columns, offset: number, vm: number, minute: number, cpuPct: number): void {
    const at = columns.count;
    columns.vm[at] = vm;
    columns.tsMs[at] = minute * MINUTE_MS;
    columns.cpuPct[at] = cpuPct;
    columns.offsets[at] = offset;
    columns.count = at + 1;
  }
}
