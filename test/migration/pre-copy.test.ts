// The pure recursion against the worked examples and its invariants.
import fc from 'fast-check';
import { simulatePreCopy } from '../../src/migration';
import type { PreCopyCase } from '../../src/migration';
import { CURVE_EXAMPLES, example, MB, WORKED_EXAMPLES } from '../kernels/worked-examples';

describe('the pre-copy recursion on the worked examples', () => {
  it.each(WORKED_EXAMPLES)('$name', ({ input, figures, roundMb, converges }) => {
    const [rounds, totalTimeMs, downtimeMs, sentMb] = figures;
    const outcome = simulatePreCopy(input);
    expect(outcome.rounds).toBe(rounds);
    expect(outcome.converges).toBe(converges);
    expect(Math.abs(outcome.totalTimeMs - totalTimeMs)).toBeLessThan(0.51);
    expect(outcome.downtimeMs).toBeCloseTo(downtimeMs, 0);
    expect(outcome.bytesSent / MB).toBeCloseTo(sentMb, 3);
    expect(outcome.roundBytes).toHaveLength(roundMb.length);
    outcome.roundBytes.forEach((bytes, i) => {
      expect(Math.abs(bytes / MB - roundMb[i])).toBeLessThan(0.051);
    });
  });

  it.each(CURVE_EXAMPLES)('E12, a curve measured on a real guest: $name', ({ input, seconds }) => {
    const { converges, totalTimeMs } = simulatePreCopy(input);
    expect(converges ? Math.ceil(totalTimeMs / 1000) : undefined).toBe(seconds);
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
