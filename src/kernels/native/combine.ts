// Kept forecasts and their losses in the addon.
import {
  checkDay,
  CombineKernels,
  type DayShape,
  type LossBlock,
  type LossMemory,
  type MixedForecasts,
  type MixRequest,
} from '../combine-kernels';
import type { AddonCaller } from './addon';

const MEMBERS_MAX = 32; // SW_MEMBERS_MAX

export class NativeCombine extends CombineKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async pack(
    forecasts: readonly Float64Array[],
    horizon: number,
    shape: DayShape,
  ): Promise<Uint16Array> {
    const { rowCount: rows, memberCount: members, leads } = shape;
    const levels = Float64Array.from(shape.levels);
    const centi = this.caller.u16(rows * members * levels.length * leads);
    if (centi.length === 0) return centi;
    if (members > MEMBERS_MAX) throw new RangeError(`${members} members; at most ${MEMBERS_MAX}`);
    await this.caller.call('combine.pack', {
      rows,
      members,
      levels,
      leads,
      horizon,
      ...Object.fromEntries(forecasts.map((one, member) => [`forecasts${member}`, one])),
      centi,
    });
    return centi;
  }

  override async mix(
    forecasts: readonly Float64Array[],
    request: MixRequest,
  ): Promise<MixedForecasts> {
    const { rowCount, horizon, levelCount, blocks, weights, judgedCount, judgedOf } = request;
    const mixed: MixedForecasts = {
      point: this.caller.f64(rowCount * horizon),
      mean: this.caller.f64(rowCount * horizon),
      quantiles: this.caller.f64(rowCount * levelCount * horizon),
    };
    if (rowCount === 0) return mixed;
    const members = forecasts.length;
    if (members > MEMBERS_MAX) throw new RangeError(`${members} members; at most ${MEMBERS_MAX}`);
    const places = [{ ...request.point, weight: 1 }, ...request.mean];
    await this.caller.call('combine.mix', {
      rows: rowCount,
      members,
      leads: horizon,
      horizon,
      levelCount,
      blocks: Int32Array.from(blocks.flatMap(({ from, to }) => [from, to])),
      weights,
      judgedCount,
      judgedOf,
      places: Float64Array.from(
        places.flatMap(({ left, right, share, weight }) => [left, right, share, weight]),
      ),
      ...Object.fromEntries(forecasts.map((one, member) => [`forecasts${member}`, one])),
      ...mixed,
    });
    return mixed;
  }

  override async judge(
    before: LossMemory,
    kept: number,
    centi: Uint16Array,
    actual: Float64Array,
    blocks: readonly LossBlock[],
    shape: DayShape,
  ): Promise<LossMemory> {
    checkDay(shape, centi, actual);
    const after = {
      losses: before.losses.slice(),
      relative: before.relative.slice(),
      nights: before.nights.slice(),
    };
    if (shape.rowCount === 0) return after;
    if (shape.memberCount > MEMBERS_MAX) {
      throw new RangeError(`${shape.memberCount} members; at most ${MEMBERS_MAX}`);
    }
    await this.caller.call('combine.judge', {
      rows: shape.rowCount,
      members: shape.memberCount,
      levels: Float64Array.from(shape.levels),
      leads: shape.leads,
      kept,
      centi,
      actual,
      blocks: Int32Array.from(blocks.flatMap(({ from, to }) => [from, to])),
      ...after,
    });
    return after;
  }
}
