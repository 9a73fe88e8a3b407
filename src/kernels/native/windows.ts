// Ranked windows in the addon.
import {
  checkCostRows,
  checkPreCopyCases,
  COST_WIDTH,
  type CostRows,
  type PreCopyCases,
  type PreCopyOutcomes,
} from '../copy-rows';
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
import type { AddonArgument, AddonCaller } from './addon';

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
      ...copyArguments(copy),
      ...settings,
      ...ranked,
    });
    return ranked;
  }

  override async cost(rows: CostRows, copy: CopySettings): Promise<Float64Array> {
    checkCostRows(rows);
    const { rowCount, startCount, corrections, isOneByOne, ...columns } = rows;
    const figures = this.caller.f64(rowCount * startCount * COST_WIDTH);
    if (figures.length === 0) return figures;
    await this.caller.call('windows.cost', {
      ...columns,
      rows: rowCount,
      starts: startCount,
      isCorrected: corrections === undefined ? 0 : 1,
      corrections: corrections ?? new Float64Array(1),
      oneByOne: isOneByOne === true ? 1 : 0,
      ...copyArguments(copy),
      figures,
    });
    return figures;
  }

  override async preCopy(cases: PreCopyCases): Promise<PreCopyOutcomes> {
    checkPreCopyCases(cases);
    const { count, dirtyCurve, ...columns } = cases;
    const outcomes: PreCopyOutcomes = {
      rounds: this.caller.f64(count),
      totalTimeMs: this.caller.f64(count),
      downtimeMs: this.caller.f64(count),
      bytesSent: this.caller.f64(count),
      converges: new Uint8Array(count),
    };
    if (count === 0) return outcomes;
    const curve = Float64Array.from(dirtyCurve?.flat() ?? []);
    await this.caller.call('windows.preCopy', { ...columns, curve, ...outcomes });
    return outcomes;
  }
}

function copyArguments(copy: CopySettings): Readonly<Record<string, AddonArgument>> {
  const { prior, ...costs } = copy;
  // powers as JavaScript computes them: another library's differ in the last bit
  return { ...costs, ...prior, ...copyLattice(copy) };
}
