// The pure recursion against the worked examples and its invariants.
import fc from 'fast-check';
import { simulatePreCopy } from '../../src/migration';
import type { PreCopyCase } from '../../src/migration';

const MB = 1e6;

function example(changes: Partial<PreCopyCase> = {}): PreCopyCase {
  return {
    usedMemoryBytes: 1000 * MB,
    bandwidthBytesPerSec: 100 * MB,
    linkBytesPerSec: changes.bandwidthBytesPerSec ?? 100 * MB,
    dirtyRateBytesPerSec: 20 * MB,
    writableWorkingSetBytes: changes.usedMemoryBytes ?? 1000 * MB,
    downtimeLimitMs: 300,
    fixedDowntimeMs: 20,
    maxRounds: 30,
    strategy: 'precopy',
    ...changes,
  };
}

describe('the pre-copy recursion on the worked examples', () => {
  const D120 = { dirtyRateBytesPerSec: 120 * MB };
  const SLOW = { bandwidthBytesPerSec: 50 * MB };
  const cases: readonly (readonly [string, Partial<PreCopyCase>, number[], number[], boolean])[] = [
    ['E1', {}, [4, 12_500, 100, 1248], [1000, 200, 40, 8], true],
    ['E2', { dirtyRateBytesPerSec: 0 }, [2, 10_020, 20, 1000], [1000, 0], true],
    ['E3', { usedMemoryBytes: 25 * MB }, [1, 270, 270, 25], [25], true],
    ['E4', D120, [30, 300_020, 10_020, 30_000], Array(30).fill(1000), false],
    ['E5', { ...D120, writableWorkingSetBytes: 25 * MB }, [2, 10_270, 270, 1025], [1000, 25], true],
    [
      'E6',
      { ...D120, writableWorkingSetBytes: 200 * MB },
      [30, 68_020, 2_020, 6_800],
      [1000, ...Array(29).fill(200)],
      false,
    ],
    ['E7', SLOW, [6, 33_216.8, 224.8, 1659.84], [1000, 400, 160, 64, 25.6, 10.24], true],
    [
      'E8',
      { ...SLOW, linkBytesPerSec: 100 * MB },
      [6, 33_114.4, 122.4, 1659.84],
      [1000, 400, 160, 64, 25.6, 10.24],
      true,
    ],
    [
      'E9',
      { ...D120, strategy: 'autoconverge' },
      [10, 59_391.9, 164.5, 5937.233],
      [1000, 1000, 1000, 960, 806.4, 580.6, 348.4, 167.2, 60.2, 14.4],
      true,
    ],
    ['E10', { downtimeLimitMs: 50 }, [5, 12_516, 36, 1249.6], [1000, 200, 40, 8, 1.6], true],
  ];

  it.each(cases)('%s', (_, changes, [rounds, totalTimeMs, downtimeMs, sentMb], roundMb, ok) => {
    const outcome = simulatePreCopy(example(changes));
    expect(outcome.rounds).toBe(rounds);
    expect(outcome.converges).toBe(ok);
    expect(Math.abs(outcome.totalTimeMs - totalTimeMs)).toBeLessThan(0.51);
    expect(outcome.downtimeMs).toBeCloseTo(downtimeMs, 0);
    expect(outcome.bytesSent / MB).toBeCloseTo(sentMb, 3);
    expect(outcome.roundBytes).toHaveLength(roundMb.length);
    outcome.roundBytes.forEach((bytes, i) => {
      expect(Math.abs(bytes / MB - roundMb[i])).toBeLessThan(0.051);
    });
  });

  it('E12, a curve measured on a real guest', () => {
    const windows = [
      125, 250, 375, 500, 750, 1000, 1500, 2000, 3000, 4001, 6000, 8000, 10000, 15000, 20000, 25000,
      30000, 35000, 40000, 45000, 50000, 60000,
    ];
    const pages = [
      33, 78, 119, 151, 217, 236, 293, 336, 425, 505, 620, 756, 898, 1204, 1457, 1723, 1934, 2141,
      2328, 2522, 2675, 2958,
    ];
    const scale = 8_392_704 / 16_392;
    const usedMemoryBytes = scale * ((16_392 - 10_060) * 4104 + 10_060 * 8);
    const curve = windows.map((ms, i) => [ms, pages[i] * scale * 4104] as const);
    const limits = [125, 250, 500, 1000, 5000, 1e9];
    const table: readonly (readonly [number, readonly (number | undefined)[]])[] = [
      [1, [undefined, undefined, undefined, undefined, undefined, 100]],
      [2, [undefined, undefined, undefined, undefined, 101, 50]],
      [5, [48, 46, 31, 28, 25, 20]],
      [10, [13, 12, 12, 12, 12, 10]],
      [25, [5, 5, 5, 5, 4, 4]],
    ];
    for (const [gbps, seconds] of table) {
      const rate = (gbps * 2 ** 30) / 8;
      const computed = limits.map((downtimeLimitMs) => {
        const outcome = simulatePreCopy({
          usedMemoryBytes,
          bandwidthBytesPerSec: rate,
          linkBytesPerSec: rate,
          dirtyRateBytesPerSec: 0,
          writableWorkingSetBytes: usedMemoryBytes,
          downtimeLimitMs,
          fixedDowntimeMs: 0,
          timeLimitMs: 3_600_000,
          strategy: 'precopy',
          dirtyCurve: curve,
        });
        return outcome.converges ? Math.ceil(outcome.totalTimeMs / 1000) : undefined;
      });
      expect([gbps, computed]).toEqual([gbps, seconds]);
    }
  });
});

const arbitrary: fc.Arbitrary<PreCopyCase & { readonly maxRounds: number }> = fc
  .record({
    usedMemoryBytes: fc.integer({ min: 1, max: 64_000 }).map((mb) => mb * MB),
    bandwidthBytesPerSec: fc.integer({ min: 10, max: 3000 }).map((mb) => mb * MB),
    linkFactor: fc.integer({ min: 1, max: 10 }),
    dirtyRateBytesPerSec: fc.integer({ min: 0, max: 4000 }).map((mb) => mb * MB),
    workingSetShare: fc.double({ min: 0, max: 1, noNaN: true }),
    downtimeLimitMs: fc.integer({ min: 1, max: 5000 }),
    fixedDowntimeMs: fc.integer({ min: 0, max: 100 }),
    maxRounds: fc.integer({ min: 1, max: 50 }),
    strategy: fc.constantFrom('precopy' as const, 'autoconverge' as const),
  })
  .map(({ linkFactor, workingSetShare, ...rest }) => ({
    ...rest,
    linkBytesPerSec: rest.bandwidthBytesPerSec * linkFactor,
    writableWorkingSetBytes: rest.usedMemoryBytes * workingSetShare,
  }));

const NEAR = 1 + 1e-9;
const more = fc.double({ min: 1, max: 4, noNaN: true });

describe('the pre-copy recursion', () => {
  it('I1: time and bytes do not fall with memory in use', () => {
    fc.assert(
      fc.property(arbitrary, more, (base, by) => {
        const a = simulatePreCopy(base);
        const b = simulatePreCopy({ ...base, usedMemoryBytes: base.usedMemoryBytes * by });
        expect(b.totalTimeMs * NEAR).toBeGreaterThanOrEqual(a.totalTimeMs);
        expect(b.bytesSent * NEAR).toBeGreaterThanOrEqual(a.bytesSent);
      }),
    );
  });

  it('I2: plain time does not rise with bandwidth', () => {
    fc.assert(
      fc.property(arbitrary, more, (drawn, by) => {
        const base = { ...drawn, strategy: 'precopy' as const };
        const a = simulatePreCopy(base);
        const b = simulatePreCopy({
          ...base,
          bandwidthBytesPerSec: base.bandwidthBytesPerSec * by,
          linkBytesPerSec: base.linkBytesPerSec * by,
        });
        expect(b.totalTimeMs).toBeLessThanOrEqual(a.totalTimeMs * NEAR);
      }),
    );
  });

  it('I3: time, bytes, and rounds do not fall with dirty rate or working set', () => {
    fc.assert(
      fc.property(arbitrary, more, more, (base, byRate, bySet) => {
        const a = simulatePreCopy(base);
        const b = simulatePreCopy({
          ...base,
          dirtyRateBytesPerSec: base.dirtyRateBytesPerSec * byRate,
          writableWorkingSetBytes: base.writableWorkingSetBytes * bySet,
        });
        expect(b.totalTimeMs * NEAR).toBeGreaterThanOrEqual(a.totalTimeMs);
        expect(b.bytesSent * NEAR).toBeGreaterThanOrEqual(a.bytesSent);
        expect(b.rounds).toBeGreaterThanOrEqual(a.rounds);
      }),
    );
  });

  it('I4, I5, I6: pause, time, and bytes keep their bounds and add up', () => {
    fc.assert(
      fc.property(arbitrary, (base) => {
        const { totalTimeMs, downtimeMs, bytesSent, converges, roundBytes } = simulatePreCopy(base);
        const { bandwidthBytesPerSec: cap, linkBytesPerSec: link, usedMemoryBytes } = base;
        expect(downtimeMs).toBeGreaterThanOrEqual(base.fixedDowntimeMs);
        const most = (base.downtimeLimitMs * cap) / link + base.fixedDowntimeMs;
        if (converges) expect(downtimeMs).toBeLessThanOrEqual(most * NEAR);
        expect(totalTimeMs * NEAR).toBeGreaterThanOrEqual((usedMemoryBytes / link) * 1000);
        expect(bytesSent * NEAR).toBeGreaterThanOrEqual(usedMemoryBytes);
        const copied = roundBytes.slice(0, -1).reduce((sum, bytes) => sum + bytes / cap, 0) * 1000;
        expect(totalTimeMs).toBeCloseTo(copied + downtimeMs, 3);
      }),
    );
  });

  it('I7: a rate above the bandwidth converges only where the working set fits', () => {
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const rate = Math.max(drawn.dirtyRateBytesPerSec, drawn.bandwidthBytesPerSec);
        const base = { ...drawn, strategy: 'precopy' as const, dirtyRateBytesPerSec: rate };
        const stop = (base.bandwidthBytesPerSec * base.downtimeLimitMs) / 1000;
        fc.pre(base.usedMemoryBytes > stop && drawn.maxRounds >= 2);
        expect(simulatePreCopy(base).converges).toBe(base.writableWorkingSetBytes <= stop);
      }),
    );
  });

  it('I8: an idle VM takes two rounds and pauses for the fixed part', () => {
    fc.assert(
      fc.property(arbitrary, (drawn) => {
        const base = { ...drawn, dirtyRateBytesPerSec: 0, maxRounds: 30 };
        fc.pre(base.usedMemoryBytes > (base.bandwidthBytesPerSec * base.downtimeLimitMs) / 1000);
        const outcome = simulatePreCopy(base);
        expect([outcome.rounds, outcome.downtimeMs]).toEqual([2, base.fixedDowntimeMs]);
      }),
    );
  });

  it('I9: a higher limit never adds rounds, time, or bytes', () => {
    fc.assert(
      fc.property(arbitrary, more, (base, by) => {
        const a = simulatePreCopy(base);
        const b = simulatePreCopy({ ...base, downtimeLimitMs: base.downtimeLimitMs * by });
        expect(b.rounds).toBeLessThanOrEqual(a.rounds);
        expect(b.totalTimeMs).toBeLessThanOrEqual(a.totalTimeMs * NEAR);
        expect(b.bytesSent).toBeLessThanOrEqual(a.bytesSent * NEAR);
      }),
    );
  });

  it('I11: auto-converge converges no later than plain pre-copy', () => {
    fc.assert(
      fc.property(arbitrary, (base) => {
        const plain = simulatePreCopy({ ...base, strategy: 'precopy' });
        const throttled = simulatePreCopy({ ...base, strategy: 'autoconverge' });
        expect(throttled.rounds).toBeLessThanOrEqual(plain.rounds);
        expect(Number(throttled.converges)).toBeGreaterThanOrEqual(Number(plain.converges));
      }),
    );
  });

  it('I12: memory, rates, and link times c take the same time', () => {
    fc.assert(
      fc.property(arbitrary, fc.constantFrom(2, 4, 1024), (base, c) => {
        const a = simulatePreCopy(base);
        const b = simulatePreCopy({
          ...base,
          usedMemoryBytes: base.usedMemoryBytes * c,
          writableWorkingSetBytes: base.writableWorkingSetBytes * c,
          bandwidthBytesPerSec: base.bandwidthBytesPerSec * c,
          linkBytesPerSec: base.linkBytesPerSec * c,
          dirtyRateBytesPerSec: base.dirtyRateBytesPerSec * c,
        });
        expect([b.rounds, b.totalTimeMs, b.downtimeMs]).toEqual([
          a.rounds,
          a.totalTimeMs,
          a.downtimeMs,
        ]);
      }),
    );
  });

  it('ends without any limit: a round that repeats itself is the forced stop', () => {
    const endless = example({ dirtyRateBytesPerSec: 120 * MB, maxRounds: undefined });
    expect(simulatePreCopy(endless)).toMatchObject({ converges: false, rounds: 1 });
  });
});
