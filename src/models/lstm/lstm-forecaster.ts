// A long short-term memory over the whole fleet: a week of hours in, all leads and nine quantiles out at once.
import { DomainError, QUANTILE_LEVELS, seriesAt, type SeriesBatch } from '../../core';
import type { Kernels, LstmArithmetic } from '../../kernels';
import { profileOf, RowFeatures } from '../boosted';
import {
  FIT_STATUSES,
  type FitRequest,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';
import { openBatch, writeScaledRows, type OpenBatch } from '../scaled-rows';
import { decodeLstm, encodeLstm, type LstmState } from './lstm-state';
import { decodeStanding, encodeStanding } from './standing';
import { trainLstm } from './train-lstm';
import { WindowDraws, type WindowSource } from './training-windows';
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
const FALLBACK = 'naive';
const KNOWN_DAYS_MIN = 2;
/** Columns that a forecast reads: a week of hours, the week before it, and a week of the rules' errors. */
const LOOK_BACK_DAYS = 22;
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
    const own: readonly WindowSource[] =
      request.teachersOnly === true ? [] : [{ history, end: request.end }];
    const others = (request.teachers ?? []).map((one) => ({ history: one, end: one.length }));
    const draws = new WindowDraws([...own, ...others], { stepsPerDay, horizon, seed });
    const about = { name: LSTM, stepsPerDay, horizon };
    if (draws.seriesCount < SERIES_MIN) {
      return this.fitted({ ...about, windows: 0, heldOutLoss: NaN });
    }
    const outputCount = QUANTILE_LEVELS.length * horizon;
    const shape = { inputCount: INPUT_COUNT, layerCount, outputCount };
    const course = { shape, seed, windowsMax };
    const { checkpoint } = request;
    const found = await checkpoint?.read();
    const key = found || checkpoint ? `${draws.fingerprint()} ${JSON.stringify(course)}` : '';
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
    const { horizon } = request;
    if (horizon > this.state.horizon) {
      throw new DomainError(
        'HORIZON_TOO_LONG',
        `model '${LSTM}' was trained for ${this.state.horizon} steps; ${horizon} are asked for`,
        { field: 'horizon' },
      );
    }
    const batch = openBatch(history.seriesCount, request);
    for (let first = 0; first < history.seriesCount; first += SERIES_PER_BLOCK) {
      const count = Math.min(SERIES_PER_BLOCK, history.seriesCount - first);
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
    const { horizon } = request;
    const { weights } = this.state;
    const inputs = new Float32Array(count * WINDOW_SIZE);
    const centre = new Float64Array(count * horizon);
    const scale = new Float64Array(count * horizon);
    this.place(history, request, first, inputs, { centre, scale }, batch);
    const windows = { inputs, windowCount: count, stepCount: STEPS };
    const { arithmetic } = this;
    const outputs = weights && (await this.kernels.lstm.predict(weights, windows, { arithmetic }));
    // Leads asked for may be fewer than leads trained.
    const trained = this.state.horizon;
    const scoreAt = (row: number, level: number): number => {
      const series = Math.floor(row / horizon);
      const at = (series * QUANTILE_LEVELS.length + level) * trained + (row % horizon);
      return outputs?.[at] ?? 0;
    };
    writeScaledRows(scoreAt, { centre, scale }, request, first, batch);
  }

  /** Inputs, centres, and scales of a block; a row without history gets scale 0: its last value. */
  private place(
    history: SeriesBatch,
    { horizon, end }: ForecastRequest,
    first: number,
    inputs: Float32Array,
    { centre, scale }: { readonly centre: Float64Array; readonly scale: Float64Array },
    batch: OpenBatch,
  ): void {
    const { stepsPerDay } = this.state;
    const from = Math.max(0, end - LOOK_BACK_DAYS * stepsPerDay);
    const calendar = { startMs: history.startMs + from * history.stepMs, stepMs: history.stepMs };
    const waves = new WeekWaves(calendar);
    for (let one = 0; one < centre.length / horizon; one += 1) {
      const values = seriesAt(history, first + one).values.subarray(from, end);
      const profile = profileOf(values, stepsPerDay / 24, stepsPerDay);
      const t = values.length;
      const reason = this.abstentionOf(t - profile.first);
      if (reason !== undefined) {
        const last = t === 0 ? 0 : profile.filled[t - 1];
        centre.fill(last, one * horizon, (one + 1) * horizon);
        const fallback = t === profile.first ? 'zero' : FALLBACK;
        batch.abstentions.set(first + one, { reason, fallback });
        batch.status[first + one] = FIT_STATUSES.indexOf('abstained');
        continue;
      }
      const features = new RowFeatures(profile, 'blend', calendar);
      const series = { profile, values, features, waves };
      fillWindow(series, t, this.state.horizon, inputs, one * WINDOW_SIZE);
      for (let lead = 0; lead < horizon; lead += 1) {
        features.place(t, lead);
        centre[one * horizon + lead] = features.centre;
        scale[one * horizon + lead] = features.error;
      }
    }
  }

  private abstentionOf(known: number): string | undefined {
    const needed = KNOWN_DAYS_MIN * this.state.stepsPerDay;
    if (known === 0) return 'no known value';
    if (this.state.weights === undefined) {
      return `too few series to learn from; ${SERIES_MIN} are needed`;
    }
    if (known >= needed) return undefined;
    return `${known} bins since its first value; ${needed} are needed`;
  }
}
