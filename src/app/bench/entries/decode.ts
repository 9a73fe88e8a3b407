// CSV bytes into columns: what reading a file of samples costs.
import { CsvSeriesParser } from '../../../ingest';
import { kernelEntry } from '../bench-entry';

const ROWS = 400_000;
const ROWS_SMALL = 2_000;

export const entry = kernelEntry({
  name: 'decode',
  unit: 'row',
  describe: 'parse n rows of unique_id,ds,y',
  async prepare(small) {
    const n = small ? ROWS_SMALL : ROWS;
    const lines = Array.from(
      { length: n },
      (_, row) =>
        `vm-${Math.floor(row / 1_000)},${1_372_629_600 + (row % 1_000) * 300},${(row % 997) / 8}`,
    );
    const bytes = Buffer.from(`unique_id,ds,y\n${lines.join('\n')}\n`);
    const parse = () => new CsvSeriesParser('bench').push(bytes);
    return {
      n,
      async check() {
        const { count, y, dsSec, ids, series } = parse();
        lines.forEach((line, row) => {
          const [id, ds, value] = line.split(',');
          const same =
            ids[series[row]] === id && dsSec[row] === Number(ds) && y[row] === Number(value);
          if (!same || count !== n) throw new Error(`decode: row ${row} differs from '${line}'`);
        });
      },
      run: async () => ({ values: parse().y }),
    };
  },
});
