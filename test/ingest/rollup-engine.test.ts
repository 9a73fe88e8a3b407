import fc from 'fast-check';
import {
  ROLLUP_SETTINGS,
  type RollupSettings,
  type SampleColumns,
  type SealedBlock,
} from '../../src/ingest';
import { RollupEngine } from '../../src/ingest/rollup/rollup-engine';

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const MINUTE_MS = 60_000;
const BUCKET_MS = 300_000;
const START_MS = NOW_MS - 3_600_000;

interface Sample {
  readonly vm: number;
  readonly tsMs: number;
  readonly cpuPct: number;
}

function columnsOf(samples: readonly Sample[], firstOffset = 0): SampleColumns {
  return {
    count: samples.length,
    vmNames: ['a', 'b', 'c'],
    vm: Uint32Array.from(samples, (sample) => sample.vm),
    tsMs: Float64Array.from(samples, (sample) => sample.tsMs),
    cpuPct: Float64Array.from(samples, (sample) => sample.cpuPct),
    offsets: Float64Array.from(samples, (_, at) => firstOffset + at),
  };
}

function engineOf(settings: Partial<RollupSettings> = {}): RollupEngine {
  return new RollupEngine({ ...ROLLUP_SETTINGS, ...settings }, { openBlocks: [] });
}

const INDEXES = Uint32Array.of(0, 1, 2);

function add(engine: RollupEngine, samples: readonly Sample[]): void {
  engine.add(columnsOf(samples), INDEXES, NOW_MS);
}

/** Block rows as "start vm" -> [sum, max, slots]; versions do not count. */
function contents(blocks: readonly SealedBlock[]): Record<string, number[]> {
  const rows: Record<string, number[]> = {};
  for (const block of blocks) {
    block.vmIndex.forEach((vm, at) => {
      rows[`${block.startMs} ${vm}`] = [block.sumCenti[at], block.maxCenti[at], block.slots[at]];
    });
  }
  return rows;
}

describe('the roll-up of samples', () => {
  it('seals a bucket when the watermark passes its end by two minutes', () => {
    const engine = engineOf();
    add(engine, [{ vm: 0, tsMs: START_MS, cpuPct: 1 }]);
    add(engine, [{ vm: 0, tsMs: START_MS + BUCKET_MS + MINUTE_MS, cpuPct: 1 }]);
    expect(engine.sealedCount).toBe(0);
    add(engine, [{ vm: 0, tsMs: START_MS + BUCKET_MS + 2 * MINUTE_MS, cpuPct: 1 }]);
    expect(contents(engine.take().blocks)).toEqual({ [`${START_MS} 0`]: [100, 100, 1] });
  });

  it('counts a sample that arrives twice once, and keeps the first of two values', () => {
    const engine = engineOf();
    const sample = { vm: 1, tsMs: START_MS, cpuPct: 2 };
    add(engine, [sample, sample, { ...sample, cpuPct: 9 }]);
    engine.end();
    const { blocks, counters } = engine.take();
    expect(contents(blocks)).toEqual({ [`${START_MS} 1`]: [200, 200, 1] });
    expect(counters).toEqual({ received: 3, stored: 1, duplicate: 2, quarantined: 0 });
  });

  it('re-emits a bucket with a higher version when a late sample corrects it', () => {
    const engine = engineOf();
    add(engine, [{ vm: 0, tsMs: START_MS, cpuPct: 1 }]);
    add(engine, [{ vm: 0, tsMs: START_MS + 3 * BUCKET_MS, cpuPct: 1 }]);
    const [sealed] = engine.take().blocks;
    add(engine, [
      { vm: 0, tsMs: START_MS + MINUTE_MS, cpuPct: 3 },
      { vm: 0, tsMs: START_MS, cpuPct: 7 },
    ]);
    expect(engine.lateStarts()).toEqual([START_MS]);
    engine.correct(START_MS, sealed);
    const { blocks, counters } = engine.take();
    expect(blocks.map((block) => block.version)).toEqual([2]);
    expect(contents(blocks)).toEqual({ [`${START_MS} 0`]: [400, 300, 3] });
    expect(counters).toEqual({ received: 2, stored: 1, duplicate: 1, quarantined: 0 });
  });

  it.each([
    [Number.NaN, 'cpuPct is NaN'],
    [Number.POSITIVE_INFINITY, 'cpuPct is infinite'],
    [-4, 'cpuPct -4 is negative: a counter reset?'],
    [401, 'cpuPct 401 is absurd; 0 to 400 is accepted'],
  ])('puts %p into quarantine with the reason and the source position', (cpuPct, reason) => {
    const engine = engineOf();
    engine.add(columnsOf([{ vm: 2, tsMs: START_MS, cpuPct }], 77), INDEXES, NOW_MS);
    const { quarantine, counters } = engine.take();
    expect(quarantine).toMatchObject([{ offset: 77, reason, sampleCount: 1 }]);
    expect(Buffer.from(quarantine[0].head).toString()).toBe(`c,${START_MS},${cpuPct}`);
    expect(counters).toEqual({ received: 1, stored: 0, duplicate: 0, quarantined: 1 });
  });

  it('quarantines what is more than five minutes ahead of the clock, or later than a day', () => {
    const engine = engineOf();
    add(engine, [
      { vm: 0, tsMs: NOW_MS + BUCKET_MS, cpuPct: 1 },
      { vm: 0, tsMs: NOW_MS + BUCKET_MS + 1, cpuPct: 1 },
    ]);
    add(engine, [{ vm: 0, tsMs: NOW_MS - 25 * 3_600_000, cpuPct: 1 }]);
    expect(engine.take().quarantine.map((row) => row.reason)).toEqual([
      `tsMs ${NOW_MS + BUCKET_MS + 1} is in the future or no instant`,
      'later than 24 h',
    ]);
  });

  it('lets a 300 s value own its whole bucket', () => {
    const engine = engineOf({ stepMs: BUCKET_MS, bounded: true });
    add(engine, [{ vm: 0, tsMs: START_MS + 1_000, cpuPct: 1.23 }]);
    engine.end();
    expect(contents(engine.take().blocks)).toEqual({ [`${START_MS} 0`]: [615, 123, 31] });
  });

  it('goes on from its open buckets as if nothing had happened', () => {
    const whole = engineOf();
    const first = engineOf();
    const early = [
      { vm: 0, tsMs: START_MS, cpuPct: 1 },
      { vm: 1, tsMs: START_MS + MINUTE_MS, cpuPct: 2 },
    ];
    const later = [
      { vm: 0, tsMs: START_MS + 2 * MINUTE_MS, cpuPct: 3 },
      { vm: 0, tsMs: START_MS, cpuPct: 4 },
    ];
    add(whole, early);
    add(first, early);
    const { openBlocks, watermarkMs } = first.take();
    const second = new RollupEngine(ROLLUP_SETTINGS, { openBlocks, watermarkMs });
    for (const engine of [whole, second]) {
      add(engine, later);
      engine.end();
    }
    expect(contents(second.take().blocks)).toEqual(contents(whole.take().blocks));
  });

  const sample = fc.record({
    vm: fc.integer({ min: 0, max: 2 }),
    tsMs: fc.integer({ min: 0, max: 14 }).map((minute) => START_MS + minute * MINUTE_MS),
    cpuPct: fc.oneof(
      fc.integer({ min: -100, max: 45_000 }).map((centi) => centi / 100),
      fc.constant(Number.NaN),
    ),
  });

  it('gives the same bits for any order and any repeats of distinct slots, and counters that add up', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(sample, { selector: (one) => `${one.vm} ${one.tsMs}`, maxLength: 40 }),
        fc.infiniteStream(fc.nat()),
        (samples, order) => {
          const keyed = samples.map((one) => ({ one, key: order.next().value as number }));
          const shuffled = keyed.toSorted((a, b) => a.key - b.key).map(({ one }) => one);
          const settings = { bounded: true };
          const [plain, mixed] = [engineOf(settings), engineOf(settings)];
          add(plain, samples);
          for (const one of [...shuffled, ...shuffled.slice(0, 7)]) add(mixed, [one]);
          for (const engine of [plain, mixed]) engine.end();
          const [a, b] = [plain.take(), mixed.take()];
          expect(contents(b.blocks)).toEqual(contents(a.blocks));
          for (const { counters } of [a, b]) {
            expect(counters.stored + counters.duplicate + counters.quarantined).toBe(
              counters.received,
            );
          }
          expect(b.counters.stored).toBe(a.counters.stored);
        },
      ),
    );
  });
});
