// Kept forecasts and their losses, value by value: the oracle.
import {
  checkDay,
  CombineKernels,
  commonLoss,
  relativeLoss,
  type DayShape,
  type LevelPlace,
  type LossBlock,
  type LossMemory,
  type MixedForecasts,
  type MixRequest,
} from '../../combine-kernels';

const PER_PERCENT = 100;
const CENTI_MAX = 65_534; // 65535 would mean missing

export class ReferenceCombine extends CombineKernels {
  override pack(
    forecasts: readonly Float64Array[],
    horizon: number,
    { rowCount, memberCount, levels, leads }: DayShape,
  ): Promise<Uint16Array> {
    const centi = new Uint16Array(rowCount * memberCount * levels.length * leads);
    let to = 0;
    for (let row = 0; row < rowCount; row += 1) {
      for (let member = 0; member < memberCount; member += 1) {
        for (let level = 0; level < levels.length; level += 1) {
          const from = (row * levels.length + level) * horizon;
          for (let lead = 0; lead < leads; lead += 1) {
            const value = Math.floor(forecasts[member][from + lead] * PER_PERCENT + 0.5);
            centi[to] = Math.min(CENTI_MAX, Math.max(0, value));
            to += 1;
          }
        }
      }
    }
    return Promise.resolve(centi);
  }

  override mix(forecasts: readonly Float64Array[], request: MixRequest): Promise<MixedForecasts> {
    const { rowCount, horizon, levelCount, blocks, weights, judgedCount, judgedOf } = request;
    const mixed: MixedForecasts = {
      point: new Float64Array(rowCount * horizon),
      mean: new Float64Array(rowCount * horizon),
      quantiles: new Float64Array(rowCount * levelCount * horizon),
    };
    const values = new Float64Array(levelCount);
    const at = ({ left, right, share }: LevelPlace): number =>
      values[left] + share * (values[right] - values[left]);
    for (let row = 0; row < rowCount; row += 1) {
      blocks.forEach(({ from, to }, block) => {
        for (let lead = from; lead <= Math.min(to, horizon); lead += 1) {
          for (let level = 0; level < levelCount; level += 1) {
            const cell = (row * blocks.length + block) * judgedCount + judgedOf[level];
            let sum = 0;
            forecasts.forEach((quantiles, member) => {
              const weight = weights[cell * forecasts.length + member];
              const place = (row * levelCount + level) * horizon + lead - 1;
              if (weight !== 0) sum += weight * quantiles[place];
            });
            values[level] = sum;
          }
          values.sort();
          for (let level = 0; level < levelCount; level += 1) {
            mixed.quantiles[(row * levelCount + level) * horizon + lead - 1] = values[level];
          }
          const step = row * horizon + lead - 1;
          mixed.point[step] = at(request.point);
          for (const part of request.mean) mixed.mean[step] += part.weight * at(part);
        }
      });
    }
    return Promise.resolve(mixed);
  }

  override judge(
    before: LossMemory,
    kept: number,
    centi: Uint16Array,
    actual: Float64Array,
    blocks: readonly LossBlock[],
    shape: DayShape,
  ): Promise<LossMemory> {
    checkDay(shape, centi, actual);
    const { rowCount, memberCount, levels, leads } = shape;
    const after: LossMemory = {
      losses: before.losses.slice(),
      relative: before.relative.slice(),
      nights: before.nights.map((nights) => nights * kept),
    };
    const tonight = new Float64Array(memberCount);
    for (let row = 0; row < rowCount; row += 1) {
      const weight = after.nights[row];
      const came = actual.subarray(row * leads, (row + 1) * leads);
      let judged = false;
      blocks.forEach(({ from, to }, block) => {
        const last = Math.min(to, leads);
        let count = 0;
        for (let lead = from; lead <= last; lead += 1)
          if (!Number.isNaN(came[lead - 1])) count += 1;
        if (count === 0) return;
        judged = true;
        for (let level = 0; level < levels.length; level += 1) {
          for (let member = 0; member < memberCount; member += 1) {
            const day = ((row * memberCount + member) * levels.length + level) * leads;
            let sum = 0;
            for (let lead = from; lead <= last; lead += 1) {
              const error = came[lead - 1] - centi[day + lead - 1] / PER_PERCENT;
              if (error >= 0) sum += levels[level] * error;
              else if (error < 0) sum += (levels[level] - 1) * error; // NaN: no actual
            }
            tonight[member] = sum / count;
          }
          const common = commonLoss(tonight);
          for (let member = 0; member < memberCount; member += 1) {
            const at =
              ((row * memberCount + member) * blocks.length + block) * levels.length + level;
            const known = Number.isNaN(before.losses[at]) ? 0 : weight;
            const blend = (old: number, one: number): number =>
              known > 0 ? (known * old + one) / (known + 1) : one;
            after.losses[at] = blend(before.losses[at], tonight[member]);
            after.relative[at] = blend(before.relative[at], relativeLoss(tonight[member], common));
          }
        }
      });
      if (judged) after.nights[row] += 1;
    }
    return Promise.resolve(after);
  }
}
