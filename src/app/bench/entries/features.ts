// Features of the boosters: nanoseconds of one core for a row, from hourly series to bytes, all leads of a night.
import { DomainError } from '../../../core';
import { FEATURE_COUNT, openKernels, type BinCuts, type FeatureSeries } from '../../../kernels';
import { cutsOf } from '../../../models';
import { benchRows } from '../arima-case';
import { kernelEntry } from '../bench-entry';

const HORIZON = 24;
const LOOK_BACK = 528; // 22 days: what a forecast reads
const CHECKED = 9;
const START_MS = Date.UTC(2026, 0, 5);

export const entry = kernelEntry({
  name: 'features',
  unit: 'row',
  describe: 'build 67 features of boosters as bytes, 24 leads of each VM, centred on the blend',
  async prepare(small, kernels) {
    const series = seriesOf(small ? CHECKED : 4_096);
    const cuts = await learnedCuts();
    const asked = { first: 0, count: series.seriesCount, knownMin: 48, cuts };
    return {
      n: series.seriesCount * HORIZON,
      async check() {
        const few = { ...asked, count: CHECKED };
        const slow = await openKernels('reference').features.nightRows(series, few);
        const fast = await kernels.features.nightRows(series, few);
        const same =
          Buffer.compare(slow.matrix.bins, fast.matrix.bins) === 0 &&
          slow.centre.every((value, row) => value === fast.centre[row]) &&
          slow.scale.every((value, row) => value === fast.scale[row]);
        if (!same) {
          throw new DomainError('INTERNAL', "bench features: bits differ from the reference's");
        }
      },
      async run() {
        const { scale } = await kernels.features.nightRows(series, asked);
        return { values: scale };
      },
    };
  },
});

function seriesOf(seriesCount: number): FeatureSeries {
  const { values, stride } = benchRows(seriesCount);
  const grid = { values, seriesCount, stride, from: stride - LOOK_BACK, end: stride };
  const time = { stepsPerDay: 24, startMs: START_MS, stepMs: 3_600_000 };
  return { ...grid, ...time, centring: 'blend', horizon: HORIZON };
}

async function learnedCuts(): Promise<BinCuts> {
  const series = seriesOf(24);
  const picks = Array.from({ length: 24 * HORIZON }, (_, at) => {
    const one = Math.floor(at / HORIZON);
    return [one, LOOK_BACK - 24 - one, at % HORIZON];
  });
  const { features } = await openKernels('reference').features.rowsAt(
    series,
    Int32Array.from(picks.flat()),
  );
  return cutsOf(features, FEATURE_COUNT);
}
