// The one contract of all forecasters: fit or load, then mean and quantiles for each step.
import type { SeriesBatch } from '../core';

/** How a fit ended. A numeric outcome is a result, never an exception. */
export const FIT_STATUSES = ['converged', 'max-iterations', 'degenerate', 'abstained'] as const;
export type FitStatus = (typeof FIT_STATUSES)[number];

/** Everything a fit may use. Only values before `end` may be read: a test overwrites the rest. */
export interface FitRequest {
  /** Known points: columns [0, end) of the batch. */
  readonly end: number;
  /** Steps in one season: 24 hourly, 288 at five minutes, 168 or 2016 for the week. */
  readonly seasonLength: number;
  /** The seed of each row (seriesCount): rows never share random numbers. */
  readonly seeds?: Uint32Array;
  /** The seed of a model that learns from the fleet. */
  readonly seed?: number;
  /** Further fleets to learn from, same step; every column of them is known. Fleet models only. */
  readonly teachers?: readonly SeriesBatch[];
  /** Learn from `teachers` alone: the rows of the history stay unseen. Fleet models only. */
  readonly teachersOnly?: boolean;
  /** Where a long training keeps how far it got. Fleet models that take lessons only. */
  readonly checkpoint?: Checkpoint;
}

/** One training's own place. Found bytes go on from there and end with the same bits as without a break. */
export interface Checkpoint {
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}

export interface ForecastRequest {
  /** Known points; the first forecast step is column `end`. */
  readonly end: number;
  readonly seasonLength: number;
  readonly horizon: number;
  /** Ascending levels in (0, 1). */
  readonly levels: readonly number[];
  /** Forecasts are kept inside, in the unit of the series; absent = not bounded. */
  readonly bounds?: { readonly lower: number; readonly upper: number };
}

/**
 * Forecasts of a batch. Never NaN: a series without any value forecasts 0 and says `abstained`.
 * A row does not depend on the other rows of its batch, bit for bit.
 */
export interface ForecastBatch {
  readonly seriesCount: number;
  readonly horizon: number;
  readonly levels: readonly number[];
  /** (seriesCount, horizon): a baseline's rule itself, else the median. */
  readonly point: Float64Array;
  /** (seriesCount, horizon): the expected value; it wins squared error. */
  readonly mean: Float64Array;
  /** (seriesCount, levels, horizon), not falling along levels. */
  readonly quantiles: Float64Array;
  /** (seriesCount): index into FIT_STATUSES. */
  readonly status: Uint8Array;
  /** Why a row abstained and which model's rows stand in for it, by row; sparse. */
  readonly abstentions: ReadonlyMap<number, Abstention>;
}

export interface Abstention {
  /** Plain words, e.g. "31 hours of history; 48 are needed". */
  readonly reason: string;
  /** The model whose forecast was written instead. */
  readonly fallback: string;
}

/** A model that has learned; immutable. */
export interface FittedForecaster {
  readonly name: string;
  /** Rows must be the rows of the fit, in their order (per-series models); any rows (global). */
  forecast(history: SeriesBatch, request: ForecastRequest): Promise<ForecastBatch>;
  /** Versioned, self-contained, CRC-guarded by the registry that stores it. */
  save(): Uint8Array;
}

/**
 * series: one model per row, fitted again wherever it forecasts. fleet: one model for all rows, trained
 * now and then, saved, and applied to any row.
 */
export type ModelScope = 'series' | 'fleet';

/** A model before it has learned. Registered by name in `models/registry.ts`. */
export interface Forecaster {
  readonly name: string;
  readonly scope: ModelScope;
  /** `warm`: what the same model knew last night; only a faster start, never another optimum. */
  fit(
    history: SeriesBatch,
    request: FitRequest,
    warm?: FittedForecaster,
  ): Promise<FittedForecaster>;
  /** Throws MODEL_STATE_INVALID naming what is wrong with the bytes. */
  load(state: Uint8Array): FittedForecaster;
}
