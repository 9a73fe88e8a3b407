// A model from outside as any other: rows in shards, one process a shard, `naive` where it fails.
import { DomainError, type SeriesBatch } from '../../core';
import type { RulesKernels } from '../../kernels';
import { createBaseline } from '../baseline';
import {
  FIT_STATUSES,
  type FitRequest,
  type FittedForecaster,
  type ForecastBatch,
  type Forecaster,
  type ForecastRequest,
} from '../forecaster';
import { openBatch } from '../scaled-rows';
import type { OutsideProcess } from './outside-process';
import { answerBytesMax, decodeAnswer, encodeQuestion, OUTSIDE_PROTOCOL } from './outside-protocol';
import { medianOf, placeAnswer } from './place-answer';

const ABSTAINED = FIT_STATUSES.indexOf('abstained');
/** Rows that share one process, and so one crash: a night's shard has 250 to 500 VMs. */
const SHARD_ROWS = 500;
const FALLBACK = 'naive';
const SEED = 1;

/**
 * Nothing is learned between calls: the program gets whole histories and fits and forecasts at once.
 * `forecast` throws PROGRAM_UNSTARTABLE, and nothing else: a shard whose process fails, or a row whose
 * numbers are refused, abstains with the reason, and `naive` stands in.
 */
export class OutsideForecaster implements Forecaster, FittedForecaster {
  readonly scope = 'series';

  constructor(
    readonly name: string,
    private readonly process: OutsideProcess,
    private readonly kernels: RulesKernels,
    private readonly seed = SEED,
  ) {}

  fit(_history: SeriesBatch, { seed = SEED }: FitRequest): Promise<FittedForecaster> {
    return Promise.resolve(new OutsideForecaster(this.name, this.process, this.kernels, seed));
  }

  save(): Uint8Array {
    const { name: model, seed } = this;
    return Buffer.from(JSON.stringify({ model, protocol: OUTSIDE_PROTOCOL, seed }));
  }

  load(state: Uint8Array): FittedForecaster {
    let read: { model?: unknown; protocol?: unknown; seed?: unknown } | null;
    try {
      read = JSON.parse(Buffer.from(state).toString('utf8'));
    } catch (cause) {
      const message = `the state of '${this.name}' is not JSON`;
      throw new DomainError('MODEL_STATE_INVALID', message, {}, { cause });
    }
    if (read?.model !== this.name || read.protocol !== OUTSIDE_PROTOCOL) {
      const found = `'${String(read?.model)}' of protocol ${String(read?.protocol)}`;
      throw new DomainError('MODEL_STATE_INVALID', `the state is of ${found}, not '${this.name}'`);
    }
    return new OutsideForecaster(this.name, this.process, this.kernels, Number(read.seed));
  }

  async forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch> {
    const { seriesCount } = history;
    const batch = openBatch(seriesCount, request);
    const reasons = new Map<number, string>();
    const rows = knownRows(history, request.end);
    for (let from = 0; from < rows.length; from += SHARD_ROWS) {
      const shard = rows.subarray(from, from + SHARD_ROWS);
      await this.forecastShard(history, request, shard, batch, reasons);
    }
    const asked = new Set(rows);
    for (let row = 0; row < seriesCount; row += 1) {
      if (!asked.has(row)) reasons.set(row, 'no known value');
    }
    medianOf(batch);
    if (reasons.size > 0) await this.standIn(history, request, batch, reasons);
    for (const [row, reason] of reasons) {
      batch.abstentions.set(row, { reason, fallback: asked.has(row) ? FALLBACK : 'zero' });
    }
    return batch;
  }

  /** Writes the rows of one process; adds the reasons of those that it does not have. */
  private async forecastShard(
    history: SeriesBatch,
    request: ForecastRequest,
    shard: Uint32Array,
    batch: Omit<ForecastBatch, 'abstentions'>,
    reasons: Map<number, string>,
  ): Promise<void> {
    const { end, horizon, levels } = request;
    const values = new Float64Array(shard.length * end);
    shard.forEach((row, at) => {
      const from = row * history.length;
      values.set(history.values.subarray(from, from + end), at * end);
    });
    const question = encodeQuestion({
      rowCount: shard.length,
      length: end,
      values,
      startSec: history.startMs / 1_000,
      stepSec: history.stepMs / 1_000,
      seed: this.seed,
      request,
    });
    const most = answerBytesMax(shard.length, horizon, levels.length);
    const exchange = await this.process.ask(question, most);
    const answer = 'refused' in exchange ? exchange : decodeAnswer(exchange.answer, request);
    const refusals =
      'refused' in answer
        ? new Map(Array.from(shard, (_, at) => [at, answer.refused]))
        : placeAnswer(answer, shard, request, batch);
    for (const [at, reason] of refusals) reasons.set(shard[at], `'${this.name}' ${reason}`);
  }

  private async standIn(
    history: SeriesBatch,
    request: ForecastRequest,
    batch: Omit<ForecastBatch, 'abstentions'>,
    reasons: ReadonlyMap<number, string>,
  ): Promise<void> {
    const { horizon, levels } = request;
    const naive = await createBaseline(FALLBACK, this.kernels).forecast(history, request);
    const copy = (to: Float64Array, from: Float64Array, row: number, width: number): void => {
      to.set(from.subarray(row * width, (row + 1) * width), row * width);
    };
    for (const row of reasons.keys()) {
      copy(batch.point, naive.point, row, horizon);
      copy(batch.mean, naive.mean, row, horizon);
      copy(batch.quantiles, naive.quantiles, row, levels.length * horizon);
      batch.status[row] = ABSTAINED;
    }
  }
}

/** Rows with at least one value before `end`: the others are not worth a question. */
function knownRows({ seriesCount, length, values }: SeriesBatch, end: number): Uint32Array {
  const rows: number[] = [];
  for (let row = 0; row < seriesCount; row += 1) {
    const known = values.subarray(row * length, row * length + end);
    if (known.some((value) => !Number.isNaN(value))) rows.push(row);
  }
  return Uint32Array.from(rows);
}
