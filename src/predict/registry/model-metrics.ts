// What a version and its baselines got wrong on the last nights, in few numbers.
import type { EpochMs } from '../../core';

/** Of errors and ratios as they are told and kept. */
export const ERROR_DIGITS = 5;

/** Errors of one model over some VMs and leads. */
export interface ErrorSummary {
  readonly model: string;
  /** Mean pinball loss over nine quantiles, CPU points. */
  readonly pinballPct: number;
  /** Mean absolute error of the median, CPU points. */
  readonly maePct: number;
  /** Share of actuals between the 5 % and the 95 % quantile. */
  readonly cover90: number;
  /** Geometric mean over VMs of its pinball loss against the seasonal naive's. */
  readonly relative: number;
}

/** Nightly origins that no artefact had learned from. */
export interface MeasuredSpan {
  readonly firstOriginMs: EpochMs;
  readonly lastOriginMs: EpochMs;
  readonly origins: number;
  readonly vms: number;
}

/** All VMs, all leads of a day; the card has them by class and block of leads. */
export interface ModelMetrics extends MeasuredSpan {
  /** The version itself first, then the baselines. */
  readonly models: readonly ErrorSummary[];
}
