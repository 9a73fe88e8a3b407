// From sums by VM and block of leads to the few numbers of a card and of the gate.
import { roundTo } from '../../core';
import { ERROR_DIGITS, type ErrorSummary } from './model-metrics';
import type { ErrorSums, ModelErrors } from './measure-models';

/** CPU points: below this a loss is noise, and a stopped VM must not decide (lab/score.py EPS). */
export const LOSS_FLOOR_PCT = 0.01;
const REFERENCE = 'seasonal-naive';

/** Which VMs and which blocks of leads; absent = all. */
export interface ErrorScope {
  readonly series?: readonly number[];
  readonly block?: number;
}

/** In the order of the models. VMs without an actual count for nothing. */
export function summariseErrors(
  errors: ModelErrors,
  scope: ErrorScope = {},
): readonly ErrorSummary[] {
  const reference = sumsOf(errors, REFERENCE);
  return errors.models.map((sums) => {
    const total = { count: 0, pinball: 0, absolute: 0, inside: 0 };
    for (const cell of cellsOf(errors, scope)) {
      total.count += sums.count[cell];
      total.pinball += sums.pinball[cell];
      total.absolute += sums.absolute[cell];
      total.inside += sums.inside[cell];
    }
    const judged = Math.max(1, total.count);
    return {
      model: sums.model,
      pinballPct: roundTo(total.pinball / judged, ERROR_DIGITS),
      maePct: roundTo(total.absolute / judged, ERROR_DIGITS),
      cover90: roundTo(total.inside / judged, ERROR_DIGITS),
      relative: roundTo(typicalRatio(errors, sums, reference, scope), ERROR_DIGITS),
    };
  });
}

export function sumsOf(errors: ModelErrors, model: string): ErrorSums {
  const found = errors.models.find((one) => one.model === model);
  if (found === undefined) throw new RangeError(`no errors of '${model}' were measured`);
  return found;
}

/**
 * One pinball loss against another: half the typical VM's (a geometric mean), half the points lost, since
 * either alone sacrifices the other. 1 where no VM was judged.
 */
export function lossRatio(
  errors: ModelErrors,
  own: ErrorSums,
  other: ErrorSums,
  scope: ErrorScope = {},
): number {
  let [ownPoints, otherPoints] = [0, 0];
  for (const cell of cellsOf(errors, scope)) {
    ownPoints += own.pinball[cell];
    otherPoints += other.pinball[cell];
  }
  const typical = typicalRatio(errors, own, other, scope);
  return (typical + (otherPoints > 0 ? ownPoints / otherPoints : typical)) / 2;
}

/** Geometric mean over VMs; 1 where no VM was judged. */
function typicalRatio(
  errors: ModelErrors,
  own: ErrorSums,
  other: ErrorSums,
  scope: ErrorScope,
): number {
  const ownLosses = vmLosses(errors, own, scope);
  const otherLosses = vmLosses(errors, other, scope);
  let sum = 0;
  let vms = 0;
  ownLosses.forEach((loss, at) => {
    if (Number.isNaN(loss)) return;
    sum += Math.log((loss + LOSS_FLOOR_PCT) / (otherLosses[at] + LOSS_FLOOR_PCT));
    vms += 1;
  });
  return vms === 0 ? 1 : Math.exp(sum / vms);
}

/** Mean pinball loss of each VM of the scope, CPU points; NaN where nothing was judged. */
export function vmLosses(
  errors: ModelErrors,
  sums: ErrorSums,
  { series, block }: ErrorScope,
): Float64Array {
  const rows = series ?? allRows(errors);
  return Float64Array.from(rows, (row) => {
    let [loss, count] = [0, 0];
    for (const cell of cellsOf(errors, { series: [row], block })) {
      loss += sums.pinball[cell];
      count += sums.count[cell];
    }
    return count === 0 ? Number.NaN : loss / count;
  });
}

function allRows({ seriesCount }: ModelErrors): readonly number[] {
  return Array.from({ length: seriesCount }, (_, row) => row);
}

function* cellsOf(errors: ModelErrors, { series, block }: ErrorScope): Generator<number> {
  const blockCount = errors.blocks.length;
  for (const row of series ?? allRows(errors)) {
    if (block !== undefined) yield row * blockCount + block;
    else for (let at = 0; at < blockCount; at += 1) yield row * blockCount + at;
  }
}
