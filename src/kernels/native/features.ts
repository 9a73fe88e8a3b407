// Features of boosters in the addon: the reference's bits, a few series at a time.
import type { ByteMatrix } from '../boosted-kernels';
import { levelPlace } from '../combine-kernels';
import {
  CENTRINGS,
  checkCuts,
  checkFeatureSeries,
  checkPicks,
  checkScaled,
  FeaturesKernels,
  type BinCuts,
  type FeatureSeries,
  type NightRequest,
  type NightRows,
  type PickedRows,
  type ScaledOutputs,
  type ScaledTargets,
} from '../features-kernels';
import {
  CALENDAR_COUNT,
  DECAY_PER_HOUR,
  FEATURE_COUNT,
  writeCalendar,
} from '../reference/features/row-features';
import type { AddonCaller } from './addon';

const CUTS = 64; // eight rows of eight, as native/features reads them
const INT_MAX = 2_147_483_647;

export class NativeFeatures extends FeaturesKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async nightRows(series: FeatureSeries, request: NightRequest): Promise<NightRows> {
    checkFeatureSeries(series);
    checkCuts(request.cuts);
    const { first, count, cuts, knownMin } = request;
    const rowCount = count * series.horizon;
    const bins = new Uint8Array(FEATURE_COUNT * rowCount);
    const centre = this.caller.f64(rowCount);
    const scale = this.caller.f64(rowCount);
    const known = new Int32Array(count);
    const answer = { matrix: { bins, featureCount: FEATURE_COUNT, rowCount }, centre, scale, known };
    if (count === 0) return answer;
    await this.caller.call('features.night', {
      ...seriesArguments(series),
      first,
      count,
      knownMin: Math.min(INT_MAX, knownMin),
      ...(cuts.length > 0 && { cuts: padded(cuts) }),
      bins,
      centre,
      scale,
      known,
    });
    return answer;
  }

  override async rowsAt(series: FeatureSeries, picks: Int32Array): Promise<PickedRows> {
    checkFeatureSeries(series);
    checkPicks(series, picks);
    const rowCount = picks.length / 3;
    const rows = {
      features: new Float32Array(rowCount * FEATURE_COUNT),
      centre: new Float64Array(rowCount),
      scale: new Float64Array(rowCount),
    };
    if (rowCount === 0) return rows;
    await this.caller.call('features.rows', { ...seriesArguments(series), picks, ...rows });
    return rows;
  }

  override async bin(cuts: BinCuts, rows: Float32Array, rowCount: number): Promise<ByteMatrix> {
    checkCuts(cuts);
    const features = cuts.length;
    const bins = new Uint8Array(features * rowCount);
    const matrix = { bins, featureCount: features, rowCount };
    if (bins.length === 0) return matrix;
    await this.caller.call('features.bin', { rows, rowCount, features, cuts: padded(cuts), bins });
    return matrix;
  }

  override async place(outputs: ScaledOutputs, targets: ScaledTargets): Promise<void> {
    checkScaled(outputs, targets);
    const { scores, levels, centre, scale, horizon, lower, upper, wanted, meanShares } = outputs;
    if (centre.length === 0) return;
    const read = [0.5, ...meanShares.map(([level]) => level), ...wanted];
    const places = read.map((level) => levelPlace(level, levels));
    await this.caller.call('features.place', {
      scores,
      levels: levels.length,
      centre,
      scale,
      horizon,
      lower,
      upper,
      at: Int32Array.from(places, ({ left }) => left),
      share: Float64Array.from(places, ({ share }) => share),
      weight: Float64Array.from(meanShares, ([, share]) => share),
      ...targets,
    });
  }
}

function seriesArguments(series: FeatureSeries) {
  const { values, stride, from, end, stepsPerDay, horizon, centring } = series;
  const columns = end - from + horizon;
  const calendar = new Float32Array(CALENDAR_COUNT * columns);
  for (let column = 0; column < columns; column += 1) {
    writeCalendar(series, column, calendar, CALENDAR_COUNT * column);
  }
  const hour = stepsPerDay / 24;
  const decay = Float64Array.from({ length: horizon }, (_, lead) => DECAY_PER_HOUR ** ((lead + 1) / hour));
  const shape = { values, stride, from, end, stepsPerDay, horizon };
  return { ...shape, centring: CENTRINGS.indexOf(centring), calendar, decay };
}

/** (F, CUTS), infinity after the last. */
function padded(cuts: BinCuts): Float32Array {
  const all = new Float32Array(cuts.length * CUTS).fill(Number.POSITIVE_INFINITY);
  cuts.forEach((own, feature) => all.set(own, feature * CUTS));
  return all;
}
