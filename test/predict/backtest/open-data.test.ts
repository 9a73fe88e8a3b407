// Published figures and another program's scores, reproduced on the open data.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock, QUANTILE_LEVELS } from '../../../src/core';
import { openKernels } from '../../../src/kernels';
import {
  originsOf,
  readM4,
  readPanel,
  referenceOf,
  reportModel,
  runBacktest,
  type ModelReport,
  type Panel,
} from '../../../src/predict';
import { describeWithData } from '../../test-data';

// By another program, which read this product's CSV; the file says which and when.
const { source: _, ...GOLDEN } = JSON.parse(
  readFileSync(join(__dirname, 'rnd293-golden.json'), 'utf8'),
) as Record<string, Record<string, unknown>>;

async function reportsOf(
  panel: Panel,
  models: readonly string[],
  m4: Panel | undefined,
): Promise<Readonly<Record<string, ModelReport>>> {
  const horizon = m4 === undefined ? 24 : 48;
  const origins = originsOf(panel, {
    origins: m4 === undefined ? 8 : 'final',
    originStep: 24,
    horizon,
    anchor: 'auto',
  });
  const truth = (series: number, column: number): number =>
    m4 === undefined
      ? panel.values[series * panel.length + column]
      : m4.values[series * m4.length + column - origins.cutoffs[series]];
  const request = {
    panel,
    origins,
    reference: referenceOf(panel, origins, horizon, 24, truth),
    models,
    horizon,
    stepsPerDay: 24,
    levels: QUANTILE_LEVELS,
    percentages: m4 === undefined,
    m4: m4 !== undefined,
    kernels: openKernels('auto'),
    clock: new ManualClock(0),
  };
  const reports: Record<string, ModelReport> = {};
  for await (const run of runBacktest(request)) Object.assign(reports, reportModel(run, request));
  return reports;
}

describeWithData('M4 Hourly', 'm4-hourly/Hourly-train.csv.gz', (file) => {
  it('gives the published figures of naive and seasonal naive', async () => {
    const train = await readM4(file);
    const test = await readM4(join(file, '../Hourly-test.csv.gz'));
    const reports = await reportsOf(train, ['naive', 'seasonal-naive'], test);
    // Organisers' table (Makridakis, Spiliotis, Assimakopoulos 2020): sNaive and Naive, Hourly.
    expect(reports['seasonal-naive'].m4).toMatchObject({ smape: 13.912, mase: 1.1932 });
    expect(reports['seasonal-naive'].m4?.owa).toBe(0.6275); // published with three digits: .628
    expect(reports.naive.m4).toMatchObject({ smape: 43.003, mase: 11.6077, owa: 3.593 });
  });
});

describeWithData('rnd293, hourly', 'bitbrains-rnd/cpu-300s.csv.gz', (file) => {
  it("scores naive and seasonal naive as the lab's program does, key by key", async () => {
    const listed = readFileSync(join(file, '../active-293.txt'), 'utf8').split(/\s+/);
    const panel = hourly(await readPanel(file, { stepSec: 300 }), new Set(listed));
    expect(panel.ids).toHaveLength(293);
    const reports = await reportsOf(panel, Object.keys(GOLDEN), undefined);
    for (const [model, golden] of Object.entries(GOLDEN)) {
      for (const [key, value] of Object.entries(golden)) {
        expectNear(`${model} ${key}`, reports[model].blocks.all[key], value);
      }
    }
    expect(reports.naive.blocks.all).toMatchObject({ mae: 4.33025, rmse: 16.44049 }); // lab table
    expect(reports['seasonal-naive'].blocks.all).toMatchObject({ mae: 5.45718, rmse: 19.97182 });
  });
});

const TOLERANCE = 1.001e-5; // both round to five digits

function expectNear(name: string, actual: unknown, golden: unknown): void {
  if (typeof golden === 'number') {
    const distance = Math.abs(Number(actual) - golden);
    expect({ name, near: distance <= TOLERANCE }).toEqual({ name, near: true });
  } else if (Array.isArray(golden)) {
    expect(actual).toEqual(golden);
  } else {
    for (const [key, value] of Object.entries(golden as Record<string, unknown>)) {
      // Shares have four digits.
      const distance = Math.abs((actual as Record<string, number>)[key] - Number(value));
      expect({ name, key, near: distance <= 1.001e-4 }).toEqual({ name, key, near: true });
    }
  }
}

/** Hours of at least 6 of 12 bins, as the lab's subset. */
function hourly(panel: Panel, listed: ReadonlySet<string>): Panel {
  const rows = [...panel.ids.keys()].filter((row) => listed.has(panel.ids[row]));
  const length = Math.ceil(panel.length / 12);
  const values = new Float64Array(rows.length * length);
  rows.forEach((row, index) => {
    for (let hour = 0; hour < length; hour += 1) {
      const from = row * panel.length + hour * 12;
      const to = Math.min(from + 12, (row + 1) * panel.length);
      const known = [...panel.values.subarray(from, to)].filter((value) => !Number.isNaN(value));
      const sum = known.reduce((a, b) => a + b, 0);
      values[index * length + hour] = known.length >= 6 ? sum / known.length : Number.NaN;
    }
  });
  expect(panel.start % 3_600).toBe(0);
  return { ...panel, ids: rows.map((row) => panel.ids[row]), step: 3_600, length, values };
}
