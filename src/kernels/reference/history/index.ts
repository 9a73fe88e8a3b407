// Stored means on their way to series, value by value: the oracle.
import { crc32c } from '../../../core';
import { checkGather, HistoryKernels, type GatherShape } from '../../history-kernels';

const MISSING_CENTI = 0xffff;
const PER_PERCENT = 100;

export class ReferenceHistory extends HistoryKernels {
  override gather(
    target: Uint16Array,
    source: Uint16Array,
    rowOf: Int32Array,
    shape: GatherShape,
  ): Promise<void> {
    checkGather(target, source, rowOf, shape);
    const { sourceSteps, from, to, targetSteps, column } = shape;
    rowOf.forEach((row, sourceRow) => {
      if (row < 0) return;
      for (let step = from; step < to; step += 1) {
        target[row * targetSteps + column + step - from] = source[sourceRow * sourceSteps + step];
      }
    });
    return Promise.resolve();
  }

  override percent(centi: Uint16Array): Promise<Float64Array> {
    const values = new Float64Array(centi.length);
    for (let at = 0; at < centi.length; at += 1) {
      values[at] = centi[at] === MISSING_CENTI ? Number.NaN : centi[at] / PER_PERCENT;
    }
    return Promise.resolve(values);
  }

  override crc32c(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(crc32c(bytes));
  }
}
