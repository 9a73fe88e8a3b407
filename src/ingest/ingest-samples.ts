// The loop of ingest: source -> decode -> roll-up -> one commit of effects and position.
import type { Clock } from '../core';
import { decodeRecords, type Placement } from './decode/decode-records';
import { RollupEngine, type RollupSettings } from './rollup/rollup-engine';
import type { IngestCounters, PartitionState, RollupStore } from './rollup-store';
import type { SampleBatch, SampleColumns, SampleSource } from './sample-source';

export interface IngestOptions {
  readonly settings: RollupSettings;
  readonly clock: Clock;
  readonly partitions: readonly number[];
  /** Ends the loop after the batch in hand is committed. */
  readonly signal?: AbortSignal;
  /** After each commit: what it counted. */
  readonly onCommit?: (counters: IngestCounters, watermarkMs?: number) => void;
  /** After each batch: how many samples were read, committed or not. */
  readonly onBatch?: (received: number) => void;
}

const SAMPLES_AT_ONCE = 120_000; // some 3 MB of columns: the loop stays responsive
const WAIT_MS = 500;
const BLOCKS_PER_COMMIT = 12; // an hour of event time when catching up
const QUARANTINE_PER_COMMIT = 2_000;
const COMMIT_EVERY_MS = 1_000; // live: a crash repeats at most a second of log

interface Partition {
  readonly state: PartitionState;
  readonly engine: RollupEngine;
  nextOffset: number;
  committedAtMs: number;
  dirty: boolean;
}

/**
 * Reads until a bounded source ends or `signal` aborts; returns what was counted meanwhile.
 * Every effect and the position after it are one commit, so a crash at any await loses nothing
 * and doubles nothing. Throws POSITION_FENCED when another process took a partition over.
 */
export async function ingestSamples(
  source: SampleSource,
  store: RollupStore,
  options: IngestOptions,
): Promise<IngestCounters> {
  const loop = new IngestLoop(source, store, options);
  await loop.open();
  return loop.run();
}

class IngestLoop {
  private readonly partitions = new Map<number, Partition>();
  private readonly vmIndexes = new Map<string, number>();
  private readonly hosts = new Map<string, string>();
  private read = 0;
  private lastNames: readonly string[] | undefined;
  private lastIndexes = new Uint32Array(0);
  private readonly total = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };

  constructor(
    private readonly source: SampleSource,
    private readonly store: RollupStore,
    private readonly options: IngestOptions,
  ) {}

  async open(): Promise<void> {
    const { clock, settings, partitions } = this.options;
    for (const partition of partitions) {
      const state = await this.store.acquire(this.source.name, partition);
      this.partitions.set(partition, {
        state,
        engine: new RollupEngine(settings, state),
        nextOffset: state.nextOffset,
        committedAtMs: clock.monotonicMs(),
        dirty: false,
      });
    }
    await this.source.open(
      [...this.partitions.values()]
        .filter(({ state }) => state.nextOffset > 0)
        .map(({ state }) => ({
          source: state.source,
          partition: state.partition,
          nextOffset: state.nextOffset,
        })),
    );
  }

  async run(): Promise<IngestCounters> {
    for (;;) {
      const batch = await this.source.read({ maxSamples: SAMPLES_AT_ONCE, waitMs: WAIT_MS });
      if (batch !== undefined) await this.take(batch);
      this.options.onBatch?.(this.read);
      await this.commitWhatIsDue(batch?.ended === true);
      if (batch?.ended === true || this.options.signal?.aborted === true) break;
    }
    for (const partition of this.partitions.values()) {
      if (partition.dirty) await this.commit(partition);
    }
    return this.total;
  }

  private async take(batch: SampleBatch): Promise<void> {
    const partition = this.partitions.get(batch.next.partition);
    if (partition === undefined) return; // another owner's
    const { engine } = partition;
    if (batch.records.length > 0) {
      const decoded = decodeRecords(batch.records);
      engine.addRejected(decoded.rejected);
      await this.place(decoded.placements);
      await this.addColumns(engine, decoded.columns);
    }
    if (batch.rejected !== undefined) engine.addRejected(batch.rejected);
    if (batch.columns !== undefined) await this.addColumns(engine, batch.columns);
    this.read += batch.columns?.count ?? batch.records.length;
    for (const startMs of engine.lateStarts()) {
      const { source, partition: id } = partition.state;
      engine.correct(startMs, await this.store.block(source, id, startMs));
    }
    if (batch.ended) engine.end();
    partition.nextOffset = batch.next.nextOffset;
    partition.dirty = true;
  }

  private async addColumns(engine: RollupEngine, columns: SampleColumns): Promise<void> {
    if (columns.count === 0) return;
    engine.add(columns, await this.indexesOf(columns.vmNames), this.options.clock.nowMs());
  }

  private async indexesOf(names: readonly string[]): Promise<Uint32Array> {
    if (names === this.lastNames && names.length === this.lastIndexes.length) {
      return this.lastIndexes;
    }
    const unknown = names.filter((name) => !this.vmIndexes.has(name));
    if (unknown.length > 0) {
      const found = await this.store.vmIndexes(unknown);
      unknown.forEach((name, position) => this.vmIndexes.set(name, found[position]));
    }
    this.lastNames = names;
    this.lastIndexes = Uint32Array.from(names, (name) => this.vmIndexes.get(name) as number);
    return this.lastIndexes;
  }

  /** Tells the catalog when a VM is on another host than before; history follows the VM. */
  private async place(placements: readonly Placement[]): Promise<void> {
    const moved = placements.filter(({ vmId, host }) => this.hosts.get(vmId) !== host);
    if (moved.length === 0) return;
    await this.store.describeVms(moved);
    for (const { vmId, host } of moved) this.hosts.set(vmId, host);
  }

  private async commitWhatIsDue(ended: boolean): Promise<void> {
    const nowMs = this.options.clock.monotonicMs();
    for (const partition of this.partitions.values()) {
      const { engine, committedAtMs, dirty } = partition;
      const due =
        ended ||
        engine.sealedCount >= BLOCKS_PER_COMMIT ||
        engine.quarantineCount >= QUARANTINE_PER_COMMIT ||
        (!this.options.settings.bounded && nowMs - committedAtMs >= COMMIT_EVERY_MS);
      if (dirty && due) await this.commit(partition);
    }
  }

  private async commit(partition: Partition): Promise<void> {
    const { state, engine, nextOffset } = partition;
    const effects = engine.take();
    const { source, partition: id, generation } = state;
    await this.store.commit({ source, partition: id, generation, nextOffset, ...effects });
    partition.dirty = false;
    partition.committedAtMs = this.options.clock.monotonicMs();
    for (const key of ['received', 'stored', 'duplicate', 'quarantined'] as const) {
      this.total[key] += effects.counters[key];
    }
    await this.source.commit({ source, partition: id, nextOffset });
    this.options.onCommit?.(effects.counters, effects.watermarkMs);
  }
}
