// The addon's windows and texts beside the reference: the same figures and bytes.
import { QUANTILE_LEVELS, uniform } from '../../src/core';
import {
  CORRECTION,
  CORRECTION_WIDTH,
  DAY_LENGTH_MS,
  DAY_WIDTH,
  FIGURE,
  MODE_CORRECTION_WIDTH,
  openKernels,
  rankWidth,
  textColumn,
  textOf,
  WINDOW,
  WINDOW_WIDTH,
  type RankRows,
  type TextPart,
} from '../../src/kernels';
import {
  COST_DEFAULTS,
  copySettingsOf,
  rankSettingsOf,
  WINDOW_DEFAULTS,
} from '../../src/migration';

const native = openKernels('auto', { threads: 2 });
const reference = openKernels('reference');
const itNative = native.report().backend === 'native' ? it : it.skip;
const GIB = 2 ** 30;
const copy = copySettingsOf(COST_DEFAULTS);
const settings = rankSettingsOf(WINDOW_DEFAULTS);

/** Sizes known and not, idle and overloaded days, huge memories, rows to skip. */
function days(rowCount: number, horizon: number): RankRows {
  const level = (row: number, t: number): number =>
    [0, 3, 40, 180, 400][row % 5] * (0.5 + uniform(3, row, Math.floor((t * 24) / horizon)));
  const mean = Float64Array.from({ length: rowCount * horizon }, (_, at) =>
    level(Math.floor(at / horizon), at % horizon),
  );
  const width = QUANTILE_LEVELS.length * horizon;
  const quantiles = Float64Array.from({ length: rowCount * width }, (_, at) => {
    const share = QUANTILE_LEVELS[Math.floor((at % width) / horizon)];
    return level(Math.floor(at / width), at % horizon) * (0.4 + 1.2 * share);
  });
  const pick = (choices: readonly number[]): Float64Array =>
    Float64Array.from({ length: rowCount }, (_, row) => choices[row % choices.length]);
  return {
    rowCount,
    horizon,
    finer: 288 / horizon,
    stepMs: 300_000,
    startMs: 1_795_500_000_000,
    levels: QUANTILE_LEVELS,
    mean,
    quantiles,
    vcpus: pick([2, Number.NaN, 0, 16, 1, 4, 64]),
    memoryBytes: pick([8 * GIB, Number.NaN, GIB, 64 * GIB, 4_096 * GIB]),
    usedMemoryBytes: pick([Number.NaN, Number.NaN, 3 * GIB]),
    skip: Uint8Array.from({ length: rowCount }, (_, row) => (row % 11 === 10 ? 1 : 0)),
  };
}

describe('ranked windows in the addon', () => {
  itNative.each([
    [0, 288],
    [1, 288],
    [37, 288],
    [1_030, 24],
  ])('are those of the reference for %i rows of %i steps', async (rowCount, horizon) => {
    const rows = days(rowCount, horizon);
    const expected = await reference.windows.rank(rows, copy, settings);
    expect(await native.windows.rank(rows, copy, settings)).toEqual(expected);
    expect(await native.windows.rank(rows, copy, settings)).toEqual(expected); // remembered costs
    const slower = { ...copy, bandwidthBytesPerSec: copy.bandwidthBytesPerSec / 2 };
    expect(await native.windows.rank(rows, slower, settings)).toEqual(
      await reference.windows.rank(rows, slower, settings),
    );
  });
});

describe('costs that were learned', () => {
  /** Factors below and above 1, P95 of their own and not, successes that fall and rise. */
  const learned = (rowCount: number): Float64Array =>
    Float64Array.from({ length: rowCount * CORRECTION_WIDTH }, (_, at) => {
      const place = at % MODE_CORRECTION_WIDTH;
      const u = uniform(11, at);
      if (place === CORRECTION.success) return u - 0.6;
      if (place % 2 === 0) return Math.exp(4 * u - 2);
      return u < 0.5 ? Number.NaN : 1 + u;
    });
  const none = (rowCount: number): Float64Array =>
    Float64Array.from({ length: rowCount * CORRECTION_WIDTH }, (_, at) => {
      const place = at % MODE_CORRECTION_WIDTH;
      if (place === CORRECTION.success) return 0;
      return place % 2 === 0 ? 1 : Number.NaN;
    });

  itNative.each([
    [0, 288],
    [1, 288],
    [37, 288],
    [530, 24],
  ])(
    'are the same in the addon and the reference for %i rows of %i steps',
    async (rowCount, horizon) => {
      const rows = { ...days(rowCount, horizon), corrections: learned(rowCount) };
      expect(await native.windows.rank(rows, copy, settings)).toEqual(
        await reference.windows.rank(rows, copy, settings),
      );
    },
  );

  it('stay in order, and change nothing where nothing was learned', async () => {
    const plain = await reference.windows.rank(days(37, 288), copy, settings);
    const same = { ...days(37, 288), corrections: none(37) };
    expect(await reference.windows.rank(same, copy, settings)).toEqual(plain);
    const rows = { ...days(37, 288), corrections: learned(37) };
    const { figures, counts } = await reference.windows.rank(rows, copy, settings);
    const width = rankWidth(settings.windowsMax);
    counts.forEach((count, row) => {
      if (count < 0) return;
      const of = figures.subarray(row * width, (row + 1) * width);
      for (const p50 of [FIGURE.totalTimeMsP50, FIGURE.downtimeMsP50, FIGURE.bytesSentP50]) {
        expect(of[p50 + 1]).toBeGreaterThanOrEqual(of[p50]);
      }
      expect(of[FIGURE.successProb]).toBeGreaterThanOrEqual(0);
      expect(of[FIGURE.successProb]).toBeLessThanOrEqual(1);
      for (let index = 0; index < count; index += 1) {
        const from = DAY_WIDTH + index * WINDOW_WIDTH;
        const latest = of[from + WINDOW.latestStartMs];
        expect(latest).toBeGreaterThanOrEqual(of[from + WINDOW.notBeforeMs]);
      }
    });
  });

  it('make windows as long as migrations really take', async () => {
    const corrections = none(5);
    for (let at = 0; at < corrections.length; at += MODE_CORRECTION_WIDTH) corrections[at] = 50;
    const lengthOf = async (rows: RankRows): Promise<number> =>
      (await reference.windows.rank(rows, copy, settings)).figures[DAY_LENGTH_MS];
    const plain = await lengthOf(days(5, 288));
    expect(await lengthOf({ ...days(5, 288), corrections })).toBeGreaterThan(plain);
  });
});

describe('steps that no window may hold', () => {
  const closing = (rowCount: number, horizon: number): RankRows => {
    const rows = days(rowCount, horizon);
    const steps = horizon * rows.finer;
    const barred = Uint8Array.from({ length: rowCount * steps }, (_, at) => {
      const row = Math.floor(at / steps);
      if (row % 4 === 3) return 1;
      return uniform(9, row, Math.floor((at % steps) / 17)) < 0.1 * (row % 4) ? 1 : 0;
    });
    return { ...rows, barred };
  };

  itNative.each([
    [1, 288],
    [60, 288],
    [40, 24],
  ])(
    'are the same in the addon and the reference for %i rows of %i steps',
    async (rowCount, horizon) => {
      const rows = closing(rowCount, horizon);
      expect(await native.windows.rank(rows, copy, settings)).toEqual(
        await reference.windows.rank(rows, copy, settings),
      );
    },
  );

  it('are in no window, and a bar that closes nothing changes nothing', async () => {
    const rows = closing(40, 288);
    const { figures, counts } = await reference.windows.rank(rows, copy, settings);
    const width = rankWidth(settings.windowsMax);
    let seen = 0;
    counts.forEach((count, row) => {
      for (let index = 0; index < count; index += 1) {
        const from = row * width + DAY_WIDTH + index * WINDOW_WIDTH;
        const [first, end] = [WINDOW.notBeforeMs, WINDOW.notAfterMs].map(
          (place) => row * 288 + (figures[from + place] - rows.startMs) / rows.stepMs,
        );
        expect(rows.barred?.subarray(first, end).includes(1)).toBe(false);
        seen += 1;
      }
    });
    expect(seen).toBeGreaterThan(20);
    const open = await reference.windows.rank({ ...rows, barred: undefined }, copy, settings);
    const none = { ...rows, barred: new Uint8Array(40 * 288) };
    expect(await reference.windows.rank(none, copy, settings)).toEqual(open);
  });
});

describe('texts in the addon', () => {
  const patterns: readonly (readonly TextPart[])[] = [
    [{ literal: '{"ä":' }, { column: 0, digits: 2 }, { literal: ',' }, { text: 0 }],
    [
      { words: 0, code: 0 },
      { column: 1, digits: 0, times: 100 },
      { column: 1, digits: 4 },
    ],
    [{ column: 0, digits: 1, over: 3_600 }, { literal: ' h' }],
  ];

  it.each([0, 1, 700])('are those of the reference for %i rows', async (rowCount) => {
    const figures = Float64Array.from({ length: rowCount * 2 }, (_, at) => {
      const u = uniform(5, at);
      return [u, -u, 1e6 * u, Math.round(u * 1e12), 0.5 * (at % 7), -0, 1.005, 2.675][at % 8];
    });
    const rows = {
      rowCount,
      figures,
      width: 2,
      patternOf: Int32Array.from({ length: rowCount }, (_, row) => (row % 4) - 1),
      texts: [textColumn(Array.from({ length: rowCount }, (_, row) => `vm-${row}`))],
      codes: [Int32Array.from({ length: rowCount }, (_, row) => row % 3)],
      words: [textColumn(['', '"true"', 'größer'])],
    };
    expect(await native.text.write(patterns, rows)).toEqual(
      await reference.text.write(patterns, rows),
    );
  });

  it('leave numbers of more than fifteen digits to the reference', async () => {
    const rows = {
      rowCount: 1,
      figures: Float64Array.of(1e21, 1.5),
      width: 2,
      patternOf: Int32Array.of(2),
      texts: [],
      codes: [],
      words: [],
    };
    const far = [...patterns.slice(0, 2), [{ column: 0, digits: 0 }]];
    expect(textOf(await native.text.write(far, rows), 0)).toBe('1e+21');
  });

  it.each([0, 1, 130])('name %i rows by the hash of their parts', async (rowCount) => {
    const texts = textColumn(
      Array.from({ length: rowCount }, (_, row) => `vm-${'x'.repeat(row)}-${row}`),
    );
    const numbers = Int32Array.from({ length: rowCount }, (_, row) => row * row);
    expect(await native.text.hashIds(['north', '2026-09-15'], texts, numbers)).toEqual(
      await reference.text.hashIds(['north', '2026-09-15'], texts, numbers),
    );
  });
});
