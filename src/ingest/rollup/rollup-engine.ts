// Samples of one partition -> sealed five-minute blocks, quarantine, and counters that add up.
import { FIVE_MINUTES_MS, HOUR_MS, MINUTE_MS, type EpochMs } from '../../core';
import type { IngestCounters, QuarantineRow, SealedBlock } from '../rollup-store';
import type { RejectedRecord, SampleColumns } from '../sample-source';
import { OpenBucket } from './open-bucket';

export interface RollupSettings {
  /** 60_000, or 300_000 where a value owns its whole bucket. */
  readonly stepMs: number;
  /** A bounded source (a file): nothing in it is late, its watermark passes at its end. */
  readonly bounded: boolean;
  /** A bucket seals when the watermark passes its end by this. */
  readonly graceMs: number;
  /** A late sample inside it corrects a sealed bucket; an older one goes to quarantine. */
  readonly lateHorizonMs: number;
  /** Live sources: further ahead of the clock than this is quarantined. */
  readonly futureMs: number;
  /** Above it is absurd; 100 is no bound, bursts to 182 were seen. */
  readonly cpuPctMax: number;
}

export const ROLLUP_SETTINGS: RollupSettings = {
  stepMs: MINUTE_MS,
  bounded: false,
  graceMs: 2 * MINUTE_MS, // design, section 4
  lateHorizonMs: 24 * HOUR_MS, // design, section 4
  futureMs: 5 * MINUTE_MS, // design, section 4
  cpuPctMax: 400,
};

const ALL_SLOTS = 31; // five minutes
const INSTANT_MS_MAX = 4_102_444_800_000; // the year 2100: beyond it is rubbish, in files too
const VALUE_HEAD = new TextEncoder();

/** What one commit takes out of the engine. */
export interface EngineEffects {
  readonly blocks: readonly SealedBlock[];
  /** Buckets that are not sealed yet, whole: they are kept with the position. */
  readonly openBlocks: readonly SealedBlock[];
  readonly quarantine: readonly QuarantineRow[];
  readonly counters: IngestCounters;
  readonly watermarkMs?: EpochMs;
}

interface LateSample {
  readonly startMs: EpochMs;
  readonly vmIndex: number;
  readonly centi: number;
  readonly mask: number;
  readonly weight: number;
}

export class RollupEngine {
  private readonly open = new Map<number, OpenBucket>();
  private sealed: SealedBlock[] = [];
  private quarantine: QuarantineRow[] = [];
  private late: LateSample[] = [];
  private counters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };
  private watermarkMs: EpochMs | undefined;
  /** Buckets that end at or before it are sealed. */
  private sealedUntilMs = Number.NEGATIVE_INFINITY;
  /** The watermark that seals the next bucket. */
  private sealsAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly settings: RollupSettings,
    from: { readonly watermarkMs?: EpochMs; readonly openBlocks: readonly SealedBlock[] },
  ) {
    this.watermarkMs = from.watermarkMs;
    for (const block of from.openBlocks) this.open.set(block.startMs, OpenBucket.fromBlock(block));
    if (!settings.bounded) this.seal();
  }

  /** `vmIndexes`: dense index of each of columns.vmNames. `nowMs`: of the clock, live sources. */
  add(columns: SampleColumns, vmIndexes: Uint32Array, nowMs: EpochMs): void {
    const { stepMs, bounded, futureMs, cpuPctMax, lateHorizonMs } = this.settings;
    const latestMs = bounded ? INSTANT_MS_MAX : nowMs + futureMs;
    const ownsBucket = stepMs === FIVE_MINUTES_MS;
    let bucket: OpenBucket | undefined;
    for (let index = 0; index < columns.count; index += 1) {
      const tsMs = columns.tsMs[index];
      const cpuPct = columns.cpuPct[index];
      if (!(cpuPct >= 0 && cpuPct <= cpuPctMax)) {
        this.reject(columns, index, reasonOf(cpuPct, cpuPctMax));
        continue;
      }
      if (!(tsMs >= 0 && tsMs <= latestMs)) {
        this.reject(columns, index, `tsMs ${tsMs} is in the future or no instant`);
        continue;
      }
      const startMs = tsMs - (tsMs % FIVE_MINUTES_MS);
      const mask = ownsBucket ? ALL_SLOTS : 1 << Math.floor((tsMs - startMs) / MINUTE_MS);
      const weight = ownsBucket ? 5 : 1;
      const centi = Math.round(cpuPct * 100);
      const vmIndex = vmIndexes[columns.vm[index]];
      if (startMs + FIVE_MINUTES_MS <= this.sealedUntilMs) {
        if ((this.watermarkMs ?? 0) - tsMs > lateHorizonMs) {
          this.reject(columns, index, `later than ${lateHorizonMs / HOUR_MS} h`);
        } else {
          this.late.push({ startMs, vmIndex, centi, mask, weight });
        }
        continue;
      }
      if (bucket === undefined || bucket.startMs !== startMs) bucket = this.bucketAt(startMs);
      if (bucket.add(vmIndex, centi, mask, weight)) this.counters.stored += 1;
      else this.counters.duplicate += 1;
      if (tsMs > (this.watermarkMs ?? -1)) {
        this.watermarkMs = tsMs;
        // At once, not after the batch: what is late must not depend on how samples are batched.
        if (!bounded && tsMs >= this.sealsAtMs) {
          this.seal();
          bucket = undefined;
        }
      }
    }
    this.counters.received += columns.count;
  }

  /** Records that were no samples: each counts as one received and one quarantined. */
  addRejected(rejected: readonly RejectedRecord[]): void {
    for (const record of rejected) this.quarantine.push({ ...record, sampleCount: 1 });
    this.counters.received += rejected.length;
    this.counters.quarantined += rejected.length;
  }

  /** Starts of sealed blocks that wait for a correction. */
  lateStarts(): readonly EpochMs[] {
    return [...new Set(this.late.map((sample) => sample.startMs))].toSorted((a, b) => a - b);
  }

  /** Applies late samples of one sealed bucket; re-emits it with a higher version if it changed. */
  correct(startMs: EpochMs, stored: SealedBlock | undefined): void {
    const pending = this.sealed.findIndex((block) => block.startMs === startMs);
    const before = pending >= 0 ? this.sealed[pending] : stored;
    const bucket = before === undefined ? new OpenBucket(startMs, 0) : OpenBucket.fromBlock(before);
    let changed = false;
    for (const sample of this.late) {
      if (sample.startMs !== startMs) continue;
      const added = bucket.add(sample.vmIndex, sample.centi, sample.mask, sample.weight);
      changed ||= added;
      if (added) this.counters.stored += 1;
      else this.counters.duplicate += 1;
    }
    this.late = this.late.filter((sample) => sample.startMs !== startMs);
    if (!changed) return;
    const version = pending >= 0 ? this.sealed[pending].version : bucket.version + 1;
    const block = bucket.toBlock(version);
    if (pending >= 0) this.sealed[pending] = block;
    else this.sealed.push(block);
  }

  /** A bounded source has ended: every bucket seals. */
  end(): void {
    this.sealAll([...this.open.keys()]);
  }

  get sealedCount(): number {
    return this.sealed.length;
  }

  get quarantineCount(): number {
    return this.quarantine.length;
  }

  /** Everything since the last call; the open buckets stay. */
  take(): EngineEffects {
    const effects: EngineEffects = {
      blocks: this.sealed,
      openBlocks: [...this.open.values()]
        .toSorted((a, b) => a.startMs - b.startMs)
        .map((bucket) => bucket.toBlock(0)),
      quarantine: this.quarantine,
      counters: this.counters,
      watermarkMs: this.watermarkMs,
    };
    this.sealed = [];
    this.quarantine = [];
    this.counters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };
    return effects;
  }

  private bucketAt(startMs: EpochMs): OpenBucket {
    let bucket = this.open.get(startMs);
    if (bucket === undefined) {
      bucket = new OpenBucket(startMs, 0);
      this.open.set(startMs, bucket);
    }
    return bucket;
  }

  private seal(): void {
    if (this.watermarkMs === undefined) return;
    this.sealedUntilMs = sealedEnd(this.watermarkMs, this.settings.graceMs);
    this.sealsAtMs = this.sealedUntilMs + FIVE_MINUTES_MS + this.settings.graceMs;
    this.sealAll(
      [...this.open.keys()].filter((start) => start + FIVE_MINUTES_MS <= this.sealedUntilMs),
    );
  }

  private sealAll(starts: readonly EpochMs[]): void {
    for (const startMs of starts.toSorted((a, b) => a - b)) {
      const bucket = this.open.get(startMs) as OpenBucket;
      this.open.delete(startMs);
      this.sealed.push(bucket.toBlock(1));
    }
  }

  private reject(columns: SampleColumns, index: number, reason: string): void {
    const { vmNames, vm, tsMs, cpuPct, offsets } = columns;
    const text = `${vmNames[vm[index]]},${tsMs[index]},${cpuPct[index]}`;
    const head = VALUE_HEAD.encode(text);
    this.quarantine.push({ offset: offsets[index], reason, head, sampleCount: 1 });
    this.counters.quarantined += 1;
  }
}

/** Buckets that end at or before it are sealed by this watermark. */
function sealedEnd(watermarkMs: EpochMs, graceMs: number): EpochMs {
  return Math.floor((watermarkMs - graceMs) / FIVE_MINUTES_MS) * FIVE_MINUTES_MS;
}

function reasonOf(cpuPct: number, cpuPctMax: number): string {
  if (Number.isNaN(cpuPct)) return 'cpuPct is NaN';
  if (!Number.isFinite(cpuPct)) return 'cpuPct is infinite';
  return cpuPct < 0
    ? `cpuPct ${cpuPct} is negative: a counter reset?`
    : `cpuPct ${cpuPct} is absurd; 0 to ${cpuPctMax} is accepted`;
}
