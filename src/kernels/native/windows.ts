// Ranked windows in the addon.
import { copyLattice } from '../reference/windows/copy-cost';
import { placeOf, SPAN_LEVELS } from '../reference/windows/load-profile';
import {
  checkRankRows,
  rankWidth,
  WindowsKernels,
  type CopySettings,
  type RankedRows,
  type RankRows,
  type RankSettings,
} from '../windows-kernels';
import type { AddonCaller } from './addon';

export class NativeWindows extends WindowsKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async rank(
    rows: RankRows,
    copy: CopySettings,
    settings: RankSettings,
  ): Promise<RankedRows> {
    checkRankRows(rows);
    const { rowCount, levels, barred, corrections, ...rest } = rows;
    const ranked: RankedRows = {
      figures: this.caller.f64(rowCount * rankWidth(settings.windowsMax)),
      counts: new Int32Array(rowCount),
      modes: new Int32Array(rowCount),
    };
    if (rowCount === 0) return ranked;
    const { prior, ...costs } = copy;
    const places = SPAN_LEVELS.map((level) => placeOf(level, levels));
    await this.caller.call('windows.rank', {
      ...rest,
      rows: rowCount,
      levels: levels.length,
      isBarred: barred === undefined ? 0 : 1,
      barred: barred ?? new Uint8Array(1),
      isCorrected: corrections === undefined ? 0 : 1,
      corrections: corrections ?? new Float64Array(1),
      places: Float64Array.from(places.flatMap(({ left, right, share }) => [left, right, share])),
      ...costs,
      ...prior,
      // powers as JavaScript computes them: another library's differ in the last bit
      ...copyLattice(copy),
      ...settings,
      ...ranked,
    });
    return ranked;
  }
}
