// Stored means in the addon.
import { checkGather, HistoryKernels, type GatherShape } from '../history-kernels';
import type { AddonCaller } from './addon';

export class NativeHistory extends HistoryKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async gather(
    target: Uint16Array,
    source: Uint16Array,
    rowOf: Int32Array,
    shape: GatherShape,
  ): Promise<void> {
    checkGather(target, source, rowOf, shape);
    if (rowOf.length === 0 || shape.to <= shape.from) return;
    await this.caller.call('history.gather', { target, source, rowOf, ...shape });
  }

  override async percent(centi: Uint16Array): Promise<Float64Array> {
    const values = this.caller.f64(centi.length);
    if (centi.length > 0) await this.caller.call('history.percent', { centi, values });
    return values;
  }

  override async crc32c(bytes: Uint8Array): Promise<number> {
    const crc = new Uint32Array(1);
    if (bytes.length > 0) await this.caller.call('history.crc32c', { bytes, crc });
    return crc[0];
  }
}
