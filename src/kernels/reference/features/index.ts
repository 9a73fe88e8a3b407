// Features of rows, one at a time: the oracle.
import type { ByteMatrix } from '../../boosted-kernels';
import {
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
} from '../../features-kernels';
import { binRow, emptyMatrix } from './bins';
import { placeScores } from './place-scores';
import { FEATURE_COUNT, RowFeatures } from './row-features';
import { profileOf, type SeriesProfile } from './series-profile';

export class ReferenceFeatures extends FeaturesKernels {
  override async nightRows(series: FeatureSeries, request: NightRequest): Promise<NightRows> {
    checkFeatureSeries(series);
    checkCuts(request.cuts);
    const { horizon, from, end } = series;
    const { first, count, cuts, knownMin } = request;
    const rowCount = count * horizon;
    const matrix = emptyMatrix(FEATURE_COUNT, rowCount);
    const centre = new Float64Array(rowCount);
    const scale = new Float64Array(rowCount);
    const known = new Int32Array(count);
    const row = new Float32Array(FEATURE_COUNT);
    for (let one = 0; one < count; one += 1) {
      const profile = profileAt(series, first + one);
      known[one] = end - from - profile.first;
      if (known[one] === 0 || known[one] < knownMin) {
        const last = end > from ? profile.filled[end - from - 1] : 0;
        centre.fill(last, one * horizon, (one + 1) * horizon);
        continue;
      }
      const features = new RowFeatures(profile, series.centring, series);
      for (let lead = 0; lead < horizon; lead += 1) {
        const at = one * horizon + lead;
        features.fill(end - from, lead, row, 0);
        binRow(cuts, row, 0, matrix.bins, rowCount, at);
        centre[at] = features.centre;
        scale[at] = features.scale;
      }
    }
    return { matrix, centre, scale, known };
  }

  override async rowsAt(series: FeatureSeries, picks: Int32Array): Promise<PickedRows> {
    checkFeatureSeries(series);
    checkPicks(series, picks);
    const rowCount = picks.length / 3;
    const features = new Float32Array(rowCount * FEATURE_COUNT);
    const centre = new Float64Array(rowCount);
    const scale = new Float64Array(rowCount);
    let row: RowFeatures | undefined;
    let number = -1;
    for (let at = 0; at < rowCount; at += 1) {
      const [one, origin, lead] = picks.subarray(3 * at, 3 * at + 3);
      if (row === undefined || one !== number) {
        row = new RowFeatures(profileAt(series, one), series.centring, series);
        number = one;
      }
      row.fill(origin, lead, features, at * FEATURE_COUNT);
      centre[at] = row.centre;
      scale[at] = row.scale;
    }
    return { features, centre, scale };
  }

  override async bin(cuts: BinCuts, rows: Float32Array, rowCount: number): Promise<ByteMatrix> {
    checkCuts(cuts);
    const matrix = emptyMatrix(cuts.length, rowCount);
    for (let row = 0; row < rowCount; row += 1) {
      binRow(cuts, rows, row * cuts.length, matrix.bins, rowCount, row);
    }
    return matrix;
  }

  override async place(outputs: ScaledOutputs, targets: ScaledTargets): Promise<void> {
    checkScaled(outputs, targets);
    placeScores(outputs, targets);
  }
}

function profileAt(
  { values, stride, from, end, stepsPerDay }: FeatureSeries,
  series: number,
): SeriesProfile {
  const own = values.subarray(series * stride + from, series * stride + end);
  return profileOf(own, stepsPerDay / 24, stepsPerDay);
}
