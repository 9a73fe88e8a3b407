// Boosted trees over the whole fleet: one model, every VM, each lead on its own, nine quantiles.
import { DomainError, QUANTILE_LEVELS, seriesAt, type SeriesBatch } from '../../core';
import type { BoostedTrees, ByteMatrix, Kernels } from '../../kernels';
import {
  FIT_STATUSES,
  type Abstention,
  type FitRequest,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';
import { openBatch, writeScaledRows, type OpenBatch, type ScaledRows } from '../scaled-rows';
import { binRow, cutsOf, CUTS_MAX } from './bin-cuts';
import { decodeBoosted, encodeBoosted, type BoostedState, type LevelGroup } from './boosted-state';
import { FEATURE_COUNT, FEATURE_NAMES, RowFeatures, type Centring } from './row-features';
import { profileOf } from './series-profile';
import { clipTargets, trainingRows, type TrainingSource } from './training-rows';

export interface BoostedSettings {
  readonly name: string;
  readonly centring: Centring;
  readonly stepsPerDay: number;
  /** The longest horizon that will be asked for. */
  readonly horizon: number;
  readonly rowsMax?: number;
}

/** Rows of the smallest fleet that says more than the rules do. */
const ROWS_MIN = 500;
const ROWS_MAX = 250_000; // 400,000 rows took half as long again and won less than a seed moves
const FALLBACK = 'naive';
const KNOWN_DAYS_MIN = 2;
/** Columns that a forecast reads: a week of errors of a rule that looks a week back, and a week to spare. */
const LOOK_BACK_DAYS = 22;
const SERIES_PER_BLOCK = 32;

/**
 * The median alone, since its structure matters most; the others share theirs. Nine structures cost three
 * times as much for 1 % of pinball.
 */
const GROUPS = [
  { levels: [0.5], treeCount: 250 },
  { levels: [0.25, 0.75], treeCount: 160 },
  { levels: [0.01, 0.05, 0.1], treeCount: 160 },
  { levels: [0.9, 0.95, 0.99], treeCount: 160 },
] as const;
const TREES = {
  binCount: CUTS_MAX + 1,
  loss: 'pinball',
  depth: 6,
  learningRate: 0.1,
  l2: 5,
  rowShare: 0.6,
  featureShare: 0.9, // .6 lost 2 % of rel: a split must serve all nodes of its level, so it has to be the best
} as const;

/** See docs/models/boosted.md. Fit: O(rows x trees x features); a fleet model, any row may be forecast. */
export class BoostedForecaster implements Forecaster {
  readonly scope = 'fleet';

  constructor(
    private readonly kernels: Kernels,
    private readonly settings: BoostedSettings,
  ) {}

  get name(): string {
    return this.settings.name;
  }

  async fit(history: SeriesBatch, request: FitRequest): Promise<FittedForecaster> {
    const { name, centring, stepsPerDay, horizon } = this.settings;
    const seed = request.seed ?? 1;
    const own: readonly TrainingSource[] =
      request.teachersOnly === true ? [] : [{ history, end: request.end }];
    const others = (request.teachers ?? []).map((one) => ({ history: one, end: one.length }));
    const rowsMax = this.settings.rowsMax ?? ROWS_MAX;
    const rows = trainingRows([...own, ...others], {
      centring,
      stepsPerDay,
      horizon,
      rowsMax,
      seed,
    });
    const about = { name, centring, stepsPerDay, horizon, rowCount: rows.rowCount };
    if (rows.rowCount < ROWS_MIN) {
      return new FittedBoosted(this.kernels, { ...about, cuts: [], groups: [] });
    }
    clipTargets(rows.target);
    const cuts = cutsOf(rows.features, FEATURE_COUNT);
    const matrix = emptyMatrix(rows.rowCount);
    for (let row = 0; row < rows.rowCount; row += 1) {
      binRow(cuts, rows.features, row * FEATURE_COUNT, matrix.bins, rows.rowCount, row);
    }
    const groups: LevelGroup[] = [];
    for (const { levels, treeCount } of GROUPS) {
      const training = { ...TREES, matrix, target: rows.target, levels, treeCount, seed };
      groups.push({ levels, trees: await this.kernels.boosted.train(training) });
    }
    return new FittedBoosted(this.kernels, { ...about, cuts, groups });
  }

  load(state: Uint8Array): FittedForecaster {
    return new FittedBoosted(this.kernels, decodeBoosted(this.name, state));
  }
}

export class FittedBoosted implements FittedForecaster {
  constructor(
    private readonly kernels: Kernels,
    readonly state: BoostedState,
  ) {}

  get name(): string {
    return this.state.name;
  }

  save(): Uint8Array {
    return encodeBoosted(this.state);
  }

  /** Share of all gain that each feature won, largest first. */
  importance(): readonly (readonly [string, number])[] {
    const gains = new Float64Array(FEATURE_COUNT);
    for (const { trees } of this.state.groups) addGains(gains, trees);
    const total = gains.reduce((a, b) => a + b, 0);
    return FEATURE_NAMES.map((name, at) => [name, total > 0 ? gains[at] / total : 0] as const)
      .filter(([, share]) => share > 0)
      .toSorted((a, b) => b[1] - a[1]);
  }

  /** Throws HORIZON_TOO_LONG beyond what was trained. O(rows x horizon x (features + trees)). */
  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { seriesCount } = history;
    const { horizon } = request;
    if (horizon > this.state.horizon) {
      throw new DomainError(
        'HORIZON_TOO_LONG',
        `model '${this.name}' was trained for ${this.state.horizon} steps; ${horizon} are asked for`,
        { field: 'horizon' },
      );
    }
    const batch = openBatch(seriesCount, request);
    for (let first = 0; first < seriesCount; first += SERIES_PER_BLOCK) {
      const count = Math.min(SERIES_PER_BLOCK, seriesCount - first);
      await this.forecastBlock(history, request, first, count, batch);
    }
    return batch;
  }

  private async forecastBlock(
    history: SeriesBatch,
    request: ForecastRequest,
    first: number,
    count: number,
    batch: OpenBatch,
  ): Promise<void> {
    const { groups } = this.state;
    const rows = this.rowsOf(history, request, first, count, batch);
    const { rowCount } = rows.matrix;
    const scores = new Float32Array(QUANTILE_LEVELS.length * rowCount);
    for (const { levels: own, trees } of groups) {
      const score = await this.kernels.boosted.predict(trees, rows.matrix);
      own.forEach((level, output) => {
        const to = QUANTILE_LEVELS.indexOf(level as (typeof QUANTILE_LEVELS)[number]);
        scores.set(score.subarray(output * rowCount, (output + 1) * rowCount), to * rowCount);
      });
    }
    const scoreAt = (row: number, level: number): number => scores[level * rowCount + row];
    writeScaledRows(scoreAt, rows, request, first, batch);
  }

  /** Bins, centres, and scales of a block; a row without history gets scale 0: its last value. */
  private rowsOf(
    history: SeriesBatch,
    { horizon, end }: ForecastRequest,
    first: number,
    count: number,
    batch: OpenBatch,
  ): BlockRows {
    const { cuts, stepsPerDay, centring } = this.state;
    const rowCount = count * horizon;
    const matrix = emptyMatrix(rowCount);
    const centre = new Float64Array(rowCount);
    const scale = new Float64Array(rowCount);
    const row = new Float32Array(FEATURE_COUNT);
    const from = Math.max(0, end - LOOK_BACK_DAYS * stepsPerDay);
    const calendar = { startMs: history.startMs + from * history.stepMs, stepMs: history.stepMs };
    for (let one = 0; one < count; one += 1) {
      const values = seriesAt(history, first + one).values.subarray(from, end);
      const profile = profileOf(values, stepsPerDay / 24, stepsPerDay);
      const abstention = this.abstentionOf(values.length - profile.first);
      if (abstention !== undefined) {
        const last = values.length === 0 ? 0 : profile.filled[values.length - 1];
        centre.fill(last, one * horizon, (one + 1) * horizon);
        batch.abstentions.set(first + one, abstention);
        batch.status[first + one] = FIT_STATUSES.indexOf('abstained');
        continue;
      }
      const features = new RowFeatures(profile, centring, calendar);
      for (let lead = 0; lead < horizon; lead += 1) {
        const at = one * horizon + lead;
        features.fill(values.length, lead, row, 0);
        binRow(cuts, row, 0, matrix.bins, rowCount, at);
        centre[at] = features.centre;
        scale[at] = features.scale;
      }
    }
    return { matrix, centre, scale };
  }

  private abstentionOf(known: number): Abstention | undefined {
    const { groups, rowCount, stepsPerDay } = this.state;
    const needed = KNOWN_DAYS_MIN * stepsPerDay;
    if (known === 0) return { reason: 'no known value', fallback: 'zero' };
    if (groups.length === 0) {
      const reason = `${rowCount} rows to learn from; ${ROWS_MIN} are needed`;
      return { reason, fallback: FALLBACK };
    }
    if (known >= needed) return undefined;
    return {
      reason: `${known} bins since its first value; ${needed} are needed`,
      fallback: FALLBACK,
    };
  }
}

interface BlockRows extends ScaledRows {
  readonly matrix: ByteMatrix;
}

function emptyMatrix(rowCount: number): ByteMatrix {
  return { bins: new Uint8Array(FEATURE_COUNT * rowCount), featureCount: FEATURE_COUNT, rowCount };
}

function addGains(gains: Float64Array, { splitFeatures, splitGains }: BoostedTrees): void {
  splitFeatures.forEach((feature, at) => (gains[feature] += splitGains[at]));
}
