// The fleets that a model learns from.
import type { SeriesBatch } from '../core';
import type { FitRequest } from './forecaster';

export interface TrainingSource {
  readonly history: SeriesBatch;
  /** Columns [0, end) are known. */
  readonly end: number;
}

/** All columns of a fleet are known. */
export function wholeSource(history: SeriesBatch): TrainingSource {
  return { history, end: history.length };
}

/** The fleet itself, unless teachers alone are wanted, then the teachers. */
export function trainingSources(
  history: SeriesBatch,
  {
    end,
    teachers = [],
    teachersOnly = false,
  }: Pick<FitRequest, 'end' | 'teachers' | 'teachersOnly'>,
): readonly TrainingSource[] {
  const own = teachersOnly ? [] : [{ history, end }];
  return [...own, ...teachers.map(wholeSource)];
}
