// A long short-term memory over the whole fleet: a week of hours in, all leads and nine quantiles out at once.
import { QUANTILE_LEVELS, type SeriesBatch } from '../../core';
import { RowFeatures, type Kernels, type LstmArithmetic } from '../../kernels';
import {
  blockCalendar,
  forecastInBlocks,
  placeRows,
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
import { decodeLstm, encodeLstm, type LstmState } from './lstm-state';
import { decodeStanding, encodeStanding } from './standing';
import { trainLstm } from './train-lstm';
import { WindowDraws } from './training-windows';
import { fillWindow, INPUT_COUNT, STEPS, WINDOW_SIZE } from './window-inputs';
import { WeekWaves } from './week-waves';

export interface LstmSettings {
  readonly stepsPerDay: number;
  /** The longest horizon that will be asked for. */
  readonly horizon: number;
  /** Windows to learn from, at most. */
  readonly windowsMax?: number;
  readonly layerCount?: number;
  readonly arithmetic?: LstmArithmetic;
}

export const LSTM = 'lstm';
const WINDOWS_MAX = 65_536;
const SERIES_MIN = 8; // fewer say nothing that is common to VMs
const SERIES_PER_BLOCK = 256;
const LESSONS_PER_CHECKPOINT = 4; // a few seconds each

/** See docs/models/lstm.md. A fleet model: any row may be forecast. */
export class LstmForecaster implements Forecaster {
  readonly name = LSTM;
  readonly scope = 'fleet';

  constructor(
    private readonly kernels: Kernels,
    private readonly settings: LstmSettings,
  ) {}

  /** O(windows x T x H^2). Throws MODEL_STATE_INVALID when a checkpoint is of another training. */
  async fit(history: SeriesBatch, request: FitRequest): Promise<FittedForecaster> {
    const { stepsPerDay, horizon, layerCount = 1, windowsMax = WINDOWS_MAX } = this.settings;
    const seed = request.seed ?? 1;
    const sources = trainingSources(history, request);
    const draws = new WindowDraws(sources, { stepsPerDay, horizon, seed });
    const about = { name: LSTM, stepsPerDay, horizon };
    if (draws.seriesCount < SERIES_MIN) {
      return this.fitted({ ...about, windows: 0, heldOutLoss: NaN });
    }
    const outputCount = QUANTILE_LEVELS.length * horizon;
    const shape = { inputCount: INPUT_COUNT, layerCount, outputCount };
    const course = { shape, seed, windowsMax };
    const { checkpoint } = request;
    const found = await checkpoint?.read();
    const key = checkpoint ? `${draws.fingerprint()} ${JSON.stringify(course)}` : '';
    const standing = found && decodeStanding(LSTM, found, key, shape);
    const trained = await trainLstm(this.kernels, draws, course, standing, async (now) => {
      if (now.lessons % LESSONS_PER_CHECKPOINT !== 0) return;
      await checkpoint?.write(encodeStanding(now, key));
    });
    return this.fitted({ ...about, ...trained });
  }

  load(state: Uint8Array): FittedForecaster {
    return this.fitted(decodeLstm(LSTM, state));
  }

  private fitted(state: LstmState): FittedLstm {
    return new FittedLstm(this.kernels, state, this.settings.arithmetic);
  }
}

export class FittedLstm implements FittedForecaster {
  readonly name = LSTM;

  constructor(
    private readonly kernels: Kernels,
    readonly state: LstmState,
    private readonly arithmetic: LstmArithmetic = 'int8', // its loss of accuracy: docs/models/lstm.md
  ) {}

  save(): Uint8Array {
    return encodeLstm(this.state);
  }

  /** Throws HORIZON_TOO_LONG beyond what was trained. O(rows x (T x H^2 + horizon)). */
  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    refuseLongerHorizon(LSTM, this.state.horizon, request.horizon);
    return forecastInBlocks(history, request, SERIES_PER_BLOCK, (block, batch) =>
      this.forecastBlock(block, batch),
    );
  }

  private async forecastBlock(series: SeriesBlock, batch: OpenBatch): Promise<void> {
    const { request, first, count } = series;
    const { horizon } = request;
    const { weights, stepsPerDay, horizon: trained } = this.state;
    const untrained =
      weights === undefined ? `too few series to learn from; ${SERIES_MIN} are needed` : undefined;
    const block = { ...series, stepsPerDay, untrained };
    const calendar = blockCalendar(block);
    const waves = new WeekWaves(calendar);
    const inputs = new Float32Array(count * WINDOW_SIZE);
    const rows = placeRows(block, batch, ({ one, values, profile }, { centre, scale }) => {
      const features = new RowFeatures(profile, 'blend', calendar);
      const own = { profile, values, features, waves };
      fillWindow(own, values.length, trained, inputs, one * WINDOW_SIZE);
      for (let lead = 0; lead < horizon; lead += 1) {
        features.place(values.length, lead);
        centre[one * horizon + lead] = features.centre;
        scale[one * horizon + lead] = features.error;
      }
    });
    const windows = { inputs, windowCount: count, stepCount: STEPS };
    const { arithmetic } = this;
    const outputs = weights && (await this.kernels.lstm.predict(weights, windows, { arithmetic }));
    const scores = new Float32Array(QUANTILE_LEVELS.length * count * horizon);
    // Leads asked for may be fewer than leads trained.
    const given = outputs === undefined ? 0 : count * QUANTILE_LEVELS.length;
    for (let at = 0; at < given; at += 1) {
      const level = at % QUANTILE_LEVELS.length;
      const one = Math.floor(at / QUANTILE_LEVELS.length);
      const own = outputs?.subarray(at * trained, at * trained + horizon) ?? [];
      scores.set(own, (level * count + one) * horizon);
    }
    await placeScores(this.kernels.features, { scores, ...rows }, request, first, batch);
  }
}
