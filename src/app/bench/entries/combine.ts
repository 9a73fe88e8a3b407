// The mix of members of one night: nine quantiles, 24 steps, eight members of which two or three weigh.
import { DomainError, QUANTILE_LEVELS, uniform } from '../../../core';
import { openKernels } from '../../../kernels';
import { kernelEntry } from '../bench-entry';

const HORIZON = 24;
const MEMBERS = 8;
const BLOCKS = [
  { from: 1, to: 1 },
  { from: 2, to: 6 },
  { from: 7, to: HORIZON },
];
const LEVELS = QUANTILE_LEVELS.length;
const exactly = (level: number) => ({ left: level, right: level, share: 0 });

export const entry = kernelEntry({
  name: 'combine',
  unit: 'VM',
  describe: 'mix the quantiles of 8 members over 24 steps, sort them, and take median and mean',
  async prepare(small, kernels) {
    const rowCount = small ? 17 : 8_192;
    const size = rowCount * LEVELS * HORIZON;
    const forecasts = Array.from({ length: MEMBERS }, (_, member) =>
      Float64Array.from({ length: size }, (__, at) => 90 * uniform(member, at)),
    );
    const weights = Float64Array.from(
      { length: rowCount * BLOCKS.length * LEVELS * MEMBERS },
      (_, at) => Math.max(0, uniform(99, at) - 0.7),
    );
    const request = {
      rowCount,
      horizon: HORIZON,
      levelCount: LEVELS,
      blocks: BLOCKS,
      weights,
      judgedCount: LEVELS,
      judgedOf: Int32Array.from({ length: LEVELS }, (_, level) => level),
      point: exactly(4),
      mean: [1, 3, 4, 5, 7].map((level) => ({ ...exactly(level), weight: 0.2 })),
    };
    const run = () => kernels.combine.mix(forecasts, request);
    return {
      n: rowCount,
      async check() {
        const slow = await openKernels('reference').combine.mix(forecasts, request);
        const fast = await run();
        const same = fast.quantiles.every((value, at) => value === slow.quantiles[at]);
        if (!same) throw new DomainError('INTERNAL', 'bench combine: differs from the reference');
      },
      run: async () => ({ values: (await run()).quantiles }),
    };
  },
});
