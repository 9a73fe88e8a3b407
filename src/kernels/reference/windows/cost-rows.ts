// What copying costs at every start of many rows, and many plain recursions, one by one: the oracle.
import {
  COST_WIDTH,
  type CostRows,
  type PreCopyCases,
  type PreCopyOutcomes,
} from '../../copy-rows';
import { COPY_MODES, CORRECTION_WIDTH, NO_MODE, type CopySettings } from '../../windows-kernels';
import { correctCopy, predictCopy, type CopySize } from './copy-cost';
import { runRounds } from './pre-copy';

export interface SizeColumns {
  readonly vcpus: Float64Array;
  readonly memoryBytes: Float64Array;
  readonly usedMemoryBytes: Float64Array;
}

/** What is known of one row; NaN = unknown. */
export function sizeOf(columns: SizeColumns, row: number): CopySize {
  const known = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);
  return {
    vcpus: known(columns.vcpus[row]),
    memoryBytes: known(columns.memoryBytes[row]),
    usedMemoryBytes: known(columns.usedMemoryBytes[row]),
  };
}

export function costRows(rows: CostRows, copy: CopySettings): Float64Array {
  const { rowCount, startCount, cpuPct, modes, corrections } = rows;
  const figures = new Float64Array(rowCount * startCount * COST_WIDTH).fill(Number.NaN);
  for (let row = 0; row < rowCount; row += 1) {
    if (modes[row] === NO_MODE) continue;
    const size = sizeOf(rows, row);
    const mode = COPY_MODES[modes[row]];
    const learned = corrections?.subarray(row * CORRECTION_WIDTH, (row + 1) * CORRECTION_WIDTH);
    for (let at = row * startCount; at < (row + 1) * startCount; at += 1) {
      if (Number.isNaN(cpuPct[at])) continue;
      const plain = predictCopy(size, cpuPct[at], mode, copy);
      const cost = learned === undefined ? plain : correctCopy(plain, mode, learned);
      const { totalTimeMs, downtimeMs, bytesSent, successProb } = cost;
      const all = [totalTimeMs, downtimeMs, bytesSent].flatMap(({ p50, p95 }) => [p50, p95]);
      figures.set([...all, successProb], at * COST_WIDTH);
    }
  }
  return figures;
}

export function preCopyRows(cases: PreCopyCases): PreCopyOutcomes {
  const { count } = cases;
  const outcomes: PreCopyOutcomes = {
    rounds: new Float64Array(count),
    totalTimeMs: new Float64Array(count),
    downtimeMs: new Float64Array(count),
    bytesSent: new Float64Array(count),
    converges: new Uint8Array(count),
  };
  const limitOf = (value: number): number | undefined => (value === Infinity ? undefined : value);
  for (let at = 0; at < count; at += 1) {
    const end = runRounds({
      usedMemoryBytes: cases.usedMemoryBytes[at],
      bandwidthBytesPerSec: cases.bandwidthBytesPerSec[at],
      linkBytesPerSec: cases.linkBytesPerSec[at],
      dirtyRateBytesPerSec: cases.dirtyRateBytesPerSec[at],
      writableWorkingSetBytes: cases.writableWorkingSetBytes[at],
      downtimeLimitMs: cases.downtimeLimitMs[at],
      fixedDowntimeMs: cases.fixedDowntimeMs[at],
      maxRounds: limitOf(cases.maxRounds[at]),
      timeLimitMs: limitOf(cases.timeLimitMs[at]),
      strategy: cases.throttled[at] === 0 ? 'precopy' : 'autoconverge',
      dirtyCurve: cases.dirtyCurve,
    });
    outcomes.rounds[at] = end.rounds;
    outcomes.totalTimeMs[at] = end.totalTimeMs;
    outcomes.downtimeMs[at] = end.downtimeMs;
    outcomes.bytesSent[at] = end.bytesSent;
    outcomes.converges[at] = end.converges ? 1 : 0;
  }
  return outcomes;
}
