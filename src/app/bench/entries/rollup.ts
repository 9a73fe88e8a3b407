// Samples into five-minute buckets: what ingest costs beside decoding and storing.
import { RollupEngine, ROLLUP_SETTINGS, type SampleColumns } from '../../../ingest';
import { kernelEntry } from '../bench-entry';

const VMS = 2_000;
const VMS_SMALL = 40;
const MINUTES = 120;

export const entry = kernelEntry({
  name: 'rollup',
  unit: 'sample',
  describe: 'roll n one-minute samples up, in the order of time',
  async prepare(small) {
    const vms = small ? VMS_SMALL : VMS;
    const columns = columnsOf(vms);
    const vmIndexes = Uint32Array.from({ length: vms }, (_, vm) => vm);
    const rollUp = (): Float64Array => {
      const engine = new RollupEngine(ROLLUP_SETTINGS, { openBlocks: [] });
      engine.add(columns, vmIndexes, MINUTES * 60_000);
      engine.end();
      const sums = engine.take().blocks.map((block) => block.sumCenti.reduce((a, b) => a + b, 0));
      return Float64Array.from(sums);
    };
    return {
      n: columns.count,
      async check() {
        const sums = new Float64Array(MINUTES / 5);
        for (let at = 0; at < columns.count; at += 1) {
          sums[Math.floor(columns.tsMs[at] / 300_000)] += Math.round(columns.cpuPct[at] * 100);
        }
        if (rollUp().some((sum, bucket) => sum !== sums[bucket]))
          throw new Error('rollup: sums differ');
      },
      run: async () => ({ values: rollUp() }),
    };
  },
});

function columnsOf(vms: number): SampleColumns {
  const count = vms * MINUTES;
  return {
    count,
    vmNames: Array.from({ length: vms }, (_, vm) => `vm-${vm}`),
    vm: Uint32Array.from({ length: count }, (_, at) => at % vms),
    tsMs: Float64Array.from({ length: count }, (_, at) => Math.floor(at / vms) * 60_000),
    cpuPct: Float64Array.from({ length: count }, (_, at) => (at % 1_999) / 16),
    offsets: Float64Array.from({ length: count }, (_, at) => at),
  };
}
