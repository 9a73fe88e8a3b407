// The recursion of many migrations at once: each backend on the worked examples and beside the reference.
import { uniform } from '../../src/core';
import { openKernels, type PreCopyCase, type PreCopyCases } from '../../src/kernels';
import { nativeBackends } from './native-backends';
import { CURVE_EXAMPLES, MB, MEASURED_CURVE, WORKED_EXAMPLES } from './worked-examples';

const reference = openKernels('reference');
const backends = [['reference', reference] as const, ...nativeBackends()];

function columnsOf(cases: readonly PreCopyCase[]): PreCopyCases {
  const column = (pick: (one: PreCopyCase) => number): Float64Array =>
    Float64Array.from(cases, pick);
  return {
    count: cases.length,
    usedMemoryBytes: column((one) => one.usedMemoryBytes),
    bandwidthBytesPerSec: column((one) => one.bandwidthBytesPerSec),
    linkBytesPerSec: column((one) => one.linkBytesPerSec),
    dirtyRateBytesPerSec: column((one) => one.dirtyRateBytesPerSec),
    writableWorkingSetBytes: column((one) => one.writableWorkingSetBytes),
    downtimeLimitMs: column((one) => one.downtimeLimitMs),
    fixedDowntimeMs: column((one) => one.fixedDowntimeMs),
    maxRounds: column((one) => one.maxRounds ?? Infinity),
    timeLimitMs: column((one) => one.timeLimitMs ?? Infinity),
    throttled: Uint8Array.from(cases, (one) => (one.strategy === 'autoconverge' ? 1 : 0)),
    dirtyCurve: cases[0]?.dirtyCurve,
  };
}

/** Calm and wild guests, with limits and without, some of them unknown in one figure. */
function drawn(count: number): readonly PreCopyCase[] {
  return Array.from({ length: count }, (_, at): PreCopyCase => {
    const u = (field: number): number => uniform(8, at, field);
    const unknown = (field: number, value: number): number =>
      at % 17 === 16 && Math.floor(at / 17) % 6 === field ? Number.NaN : value;
    const bandwidth = MB * (10 + 3_000 * u(1));
    const used = MB * 64_000 * u(2) ** 3;
    return {
      usedMemoryBytes: unknown(0, used),
      bandwidthBytesPerSec: unknown(1, bandwidth),
      linkBytesPerSec: unknown(2, bandwidth * (1 + Math.floor(4 * u(3)))),
      dirtyRateBytesPerSec: unknown(3, at % 5 === 0 ? 0 : bandwidth * 2 * u(4)),
      writableWorkingSetBytes: unknown(4, used * u(5)),
      downtimeLimitMs: unknown(5, at % 7 === 0 ? 0 : 5_000 * u(6) ** 4),
      fixedDowntimeMs: 100 * u(7),
      maxRounds: at % 3 === 0 ? undefined : 1 + Math.floor(60 * u(8)),
      timeLimitMs: at % 4 === 0 ? undefined : 100_000 * u(9),
      strategy: u(10) < 0.5 ? 'precopy' : 'autoconverge',
    };
  });
}

describe.each(backends)('many migrations on %s', (_, kernels) => {
  it('are the worked examples E1 to E10', async () => {
    const columns = columnsOf(WORKED_EXAMPLES.map(({ input }) => input));
    const outcomes = await kernels.windows.preCopy(columns);
    WORKED_EXAMPLES.forEach(({ figures, converges }, at) => {
      const [rounds, totalTimeMs, downtimeMs, sentMb] = figures;
      expect(outcomes.rounds[at]).toBe(rounds);
      expect(outcomes.converges[at]).toBe(converges ? 1 : 0);
      expect(Math.abs(outcomes.totalTimeMs[at] - totalTimeMs)).toBeLessThan(0.51);
      expect(outcomes.downtimeMs[at]).toBeCloseTo(downtimeMs, 0);
      expect(outcomes.bytesSent[at] / MB).toBeCloseTo(sentMb, 3);
    });
  });

  it('are E12, on a curve measured on a real guest', async () => {
    const columns = columnsOf(CURVE_EXAMPLES.map(({ input }) => input));
    const { converges, totalTimeMs } = await kernels.windows.preCopy(columns);
    const seconds = Array.from(totalTimeMs, (ms, at) =>
      converges[at] === 1 ? Math.ceil(ms / 1000) : undefined,
    );
    expect(seconds).toEqual(CURVE_EXAMPLES.map((one) => one.seconds));
  });

  it.each([0, 1, 2, 3, 4, 5, 7, 8, 9, 300])('have the bits of the reference: %i', async (count) => {
    const columns = columnsOf(drawn(count));
    expect(await kernels.windows.preCopy(columns)).toEqual(
      await reference.windows.preCopy(columns),
    );
    for (const points of [1, 2, 5]) {
      const dirtyCurve = MEASURED_CURVE.slice(0, points);
      expect(await kernels.windows.preCopy({ ...columns, dirtyCurve })).toEqual(
        await reference.windows.preCopy({ ...columns, dirtyCurve }),
      );
    }
  });

  it('scale: memory, rates, and working set times c take the same times (I12)', async () => {
    const cases = drawn(60);
    const scaled = cases.map((one) => ({
      ...one,
      usedMemoryBytes: one.usedMemoryBytes * 4,
      bandwidthBytesPerSec: one.bandwidthBytesPerSec * 4,
      linkBytesPerSec: one.linkBytesPerSec * 4,
      dirtyRateBytesPerSec: one.dirtyRateBytesPerSec * 4,
      writableWorkingSetBytes: one.writableWorkingSetBytes * 4,
    }));
    const plain = await kernels.windows.preCopy(columnsOf(cases));
    const larger = await kernels.windows.preCopy(columnsOf(scaled));
    expect(larger.rounds).toEqual(plain.rounds);
    expect(larger.totalTimeMs).toEqual(plain.totalTimeMs);
    expect(larger.downtimeMs).toEqual(plain.downtimeMs);
  });

  it('refuse columns that do not fit, and a round limit that is no number', async () => {
    const columns = columnsOf(drawn(3));
    await expect(kernels.windows.preCopy({ ...columns, count: 4 })).rejects.toThrow(RangeError);
    const maxRounds = Float64Array.of(1, Number.NaN, 3);
    await expect(kernels.windows.preCopy({ ...columns, maxRounds })).rejects.toThrow(RangeError);
  });
});
