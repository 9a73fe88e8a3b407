// Boosted trees over the whole fleet: one model, every VM, each lead on its own, nine quantiles.
import { QUANTILE_LEVELS, type SeriesBatch } from '../../core';
import {
  CUTS_MAX,
  FEATURE_COUNT,
  FEATURE_NAMES,
  type BoostedTrees,
  type Centring,
  type Kernels,
  type NightRows,
} from '../../kernels';
import {
  abstain,
  blockCalendar,
  forecastInBlocks,
  knownMin,
  lookBackFrom,
  refuseLongerHorizon,
  type SeriesBlock,
} from '../fleet-rows';
import type {
  FitRequest,
  FittedForecaster,
  ForecastBatch,
  Forecaster,
  ForecastRequest,
} from '../forecaster';
import { placeScores, type OpenBatch } from '../scaled-rows';
import { trainingSources } from '../training-source';
import { cutsOf } from './bin-cuts';
import { decodeBoosted, encodeBoosted, type BoostedState, type LevelGroup } from './boosted-state';
import { clipTargets, trainingRows } from './training-rows';

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
const ROWS_PER_BLOCK = 8_192; // their bytes stay in the L2 cache while the trees pass

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
    const rowsMax = this.settings.rowsMax ?? ROWS_MAX;
    const rows = await trainingRows(this.kernels.features, trainingSources(history, request), {
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
    const matrix = await this.kernels.features.bin(cuts, rows.features, rows.rowCount);
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
    refuseLongerHorizon(this.name, this.state.horizon, request.horizon);
    const seriesPerBlock = Math.ceil(ROWS_PER_BLOCK / Math.max(1, request.horizon));
    return forecastInBlocks(history, request, seriesPerBlock, (block, batch) =>
      this.forecastBlock(block, batch),
    );
  }

  private async forecastBlock(series: SeriesBlock, batch: OpenBatch): Promise<void> {
    const { groups } = this.state;
    const { matrix, ...rows } = await this.rowsOf(series, batch);
    const { rowCount } = matrix;
    const scores = new Float32Array(QUANTILE_LEVELS.length * rowCount);
    for (const { levels: own, trees } of groups) {
      const score = await this.kernels.boosted.predict(trees, matrix);
      own.forEach((level, output) => {
        const to = QUANTILE_LEVELS.indexOf(level as (typeof QUANTILE_LEVELS)[number]);
        scores.set(score.subarray(output * rowCount, (output + 1) * rowCount), to * rowCount);
      });
    }
    await placeScores(
      this.kernels.features,
      { scores, ...rows },
      series.request,
      series.first,
      batch,
    );
  }

  /** Bins, centres, and scales of a block. */
  private async rowsOf(series: SeriesBlock, batch: OpenBatch): Promise<NightRows> {
    const { cuts, groups, rowCount: learned, stepsPerDay, centring } = this.state;
    const { horizon, end } = series.request;
    const { values, seriesCount, length: stride } = series.history;
    const untrained =
      groups.length === 0 ? `${learned} rows to learn from; ${ROWS_MIN} are needed` : undefined;
    const block = { ...series, stepsPerDay, untrained };
    const columns = { from: lookBackFrom(end, stepsPerDay), end, ...blockCalendar(block) };
    const grid = { values, seriesCount, stride, stepsPerDay, centring, horizon, ...columns };
    const { first, count } = series;
    const asked = { first, count, knownMin: knownMin(block), cuts };
    const rows = await this.kernels.features.nightRows(grid, asked);
    rows.known.forEach((known, one) => abstain(block, one, known, batch));
    return rows;
  }
}

function addGains(gains: Float64Array, { splitFeatures, splitGains }: BoostedTrees): void {
  splitFeatures.forEach((feature, at) => (gains[feature] += splitGains[at]));
}
