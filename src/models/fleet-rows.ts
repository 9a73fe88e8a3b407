// What every model of the fleet does before it forecasts a row: the horizon it was trained for, how much of the
// series is known, and the columns that it looks back on.
import { DomainError, seriesAt, type SeriesBatch } from '../core';
import { profileOf, type SeriesProfile } from '../kernels';
import {
  FIT_STATUSES,
  type Abstention,
  type ForecastBatch,
  type ForecastRequest,
} from './forecaster';
import { openBatch, type OpenBatch, type ScaledRows } from './scaled-rows';

const KNOWN_DAYS_MIN = 2;
/** Columns that a forecast reads: a week of errors of a rule that looks a week back, and a week to spare. */
const LOOK_BACK_DAYS = 22;
const FALLBACK = 'naive';

/** Throws HORIZON_TOO_LONG beyond what was trained. */
export function refuseLongerHorizon(model: string, trained: number, horizon: number): void {
  if (horizon <= trained) return;
  throw new DomainError(
    'HORIZON_TOO_LONG',
    `model '${model}' was trained for ${trained} steps; ${horizon} are asked for`,
    { field: 'horizon' },
  );
}

/** All series, `blockSize` at a time, into one batch. */
export async function forecastInBlocks(
  history: SeriesBatch,
  request: ForecastRequest,
  blockSize: number,
  forecastBlock: (block: SeriesBlock, batch: OpenBatch) => Promise<void>,
): Promise<ForecastBatch> {
  const batch = openBatch(history.seriesCount, request);
  for (let first = 0; first < history.seriesCount; first += blockSize) {
    const count = Math.min(blockSize, history.seriesCount - first);
    await forecastBlock({ history, request, first, count }, batch);
  }
  return batch;
}

export interface SeriesBlock {
  readonly history: SeriesBatch;
  readonly request: ForecastRequest;
  /** Series [first, first + count) of the history. */
  readonly first: number;
  readonly count: number;
}

export interface RowBlock extends SeriesBlock {
  readonly stepsPerDay: number;
  /** Why the model has nothing to say of any row. */
  readonly untrained?: string;
}

/** The columns of one series that a forecast may read. */
export interface KnownSeries {
  /** Its number within the block. */
  readonly one: number;
  readonly values: Float64Array;
  readonly profile: SeriesProfile;
}

/** Instant of the first of those columns, and the step. */
export function blockCalendar({ history, request, stepsPerDay }: RowBlock): {
  readonly startMs: number;
  readonly stepMs: number;
} {
  const { startMs, stepMs } = history;
  return { startMs: startMs + lookBackFrom(request.end, stepsPerDay) * stepMs, stepMs };
}

/**
 * Centres and scales of (count, horizon) rows, by `place` for each series that it can forecast; a series
 * that it cannot gets scale 0 at its last value, and the batch says why.
 */
export function placeRows(
  block: RowBlock,
  batch: OpenBatch,
  place: (series: KnownSeries, rows: ScaledRows) => void,
): ScaledRows {
  const { history, request, first, count, stepsPerDay } = block;
  const { horizon, end } = request;
  const rows = {
    centre: new Float64Array(count * horizon),
    scale: new Float64Array(count * horizon),
  };
  const from = lookBackFrom(end, stepsPerDay);
  for (let one = 0; one < count; one += 1) {
    const values = seriesAt(history, first + one).values.subarray(from, end);
    const profile = profileOf(values, stepsPerDay / 24, stepsPerDay);
    if (!abstain(block, one, values.length - profile.first, batch)) {
      place({ one, values, profile }, rows);
      continue;
    }
    const last = values.length === 0 ? 0 : profile.filled[values.length - 1];
    rows.centre.fill(last, one * horizon, (one + 1) * horizon);
  }
  return rows;
}

/** Whether series `one` of the block, known for so many columns, has no forecast; then the batch says why. */
export function abstain(block: RowBlock, one: number, known: number, batch: OpenBatch): boolean {
  const abstention = abstentionOf(known, block);
  if (abstention === undefined) return false;
  batch.abstentions.set(block.first + one, abstention);
  batch.status[block.first + one] = FIT_STATUSES.indexOf('abstained');
  return true;
}

/** Columns since its first known value that a series needs. */
export function knownMin({ stepsPerDay, untrained }: RowBlock): number {
  return untrained === undefined ? KNOWN_DAYS_MIN * stepsPerDay : Number.POSITIVE_INFINITY;
}

/** The first column that a forecast reads. */
export function lookBackFrom(end: number, stepsPerDay: number): number {
  return Math.max(0, end - LOOK_BACK_DAYS * stepsPerDay);
}

function abstentionOf(known: number, { stepsPerDay, untrained }: RowBlock): Abstention | undefined {
  if (known === 0) return { reason: 'no known value', fallback: 'zero' };
  if (untrained !== undefined) return { reason: untrained, fallback: FALLBACK };
  const needed = KNOWN_DAYS_MIN * stepsPerDay;
  if (known >= needed) return undefined;
  const reason = `${known} bins since its first value; ${needed} are needed`;
  return { reason, fallback: FALLBACK };
}
