// `slackwater backtest`: the options, the JSON line, the forecasts' file, and refusals.
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Command } from 'commander';
import { registerBacktest } from '../../../src/app/commands/backtest';
import { waves } from '../../models/series-lab';

const folder = mkdtempSync(join(tmpdir(), 'backtest-'));
const input = join(folder, 'fleet.csv');

beforeAll(() => {
  const batch = waves(3, 360);
  const rows = ['unique_id,ds,y'];
  batch.values.forEach((value, at) => {
    const ds = (at % batch.length) * 3_600;
    if (!Number.isNaN(value)) rows.push(`vm-${Math.floor(at / batch.length)},${ds},${value}`);
  });
  writeFileSync(input, `${rows.join('\n')}\n`);
});

async function backtest(...words: string[]): Promise<string> {
  const program = new Command().exitOverride();
  registerBacktest(program);
  const lines: string[] = [];
  const keep = (chunk: unknown): boolean => lines.push(String(chunk)) > 0;
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(keep),
    jest.spyOn(process.stderr, 'write').mockImplementation(() => true),
  ];
  try {
    await program.parseAsync(['backtest', ...words], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return lines.join('');
}

const usual = ['--input', input, '--step', '3600', '--horizon', '24', '--origins', '2'];

describe('slackwater backtest', () => {
  it('writes the quietest windows of every VM and day', async () => {
    const file = join(folder, 'windows.csv');
    const words = ['--models', 'seasonal-naive', '--windows', file, '--minutes', '60,120'];
    await backtest(...usual, ...words);
    const [header, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(header).toBe('unique_id,cutoff,start,rank,minutes');
    expect(lines).toHaveLength(3 * 2 * 2 * 3); // VMs, origins, lengths, ranks
    for (const line of lines) {
      const [id, ...numbers] = line.split(',');
      const [cutoff, start, rank, minutes] = numbers.map(Number);
      expect(id).toMatch(/^vm-[012]$/);
      expect([312 * 3_600, 336 * 3_600]).toContain(cutoff);
      expect(start).toBeGreaterThanOrEqual(cutoff);
      expect(start + 60 * minutes).toBeLessThanOrEqual(cutoff + 86_400);
      expect([1, 2, 3]).toContain(rank);
    }
  });

  it('prints one JSON object in the structure of the scorer', async () => {
    const text = await backtest(...usual, '--models', 'naive,ensemble', '-o', 'json');
    const report = JSON.parse(text);
    expect(report).toMatchObject({ step: 3_600, horizon: 24, season: 24, series: 3, origins: 2 });
    expect(report.cutoffs).toEqual([312 * 3_600, 336 * 3_600]);
    expect(Object.keys(report.models)).toEqual([
      'naive',
      'naive-mean',
      'ensemble',
      'ensemble-mean',
    ]);
    expect(Object.keys(report.models.naive.blocks)).toEqual(['1-6', '7-24', 'all', '1-24']);
    expect(report.models.ensemble.blocks['1-24'].quantiles).toHaveLength(9);
    expect(report.models.ensemble.seconds.train).toBeGreaterThan(0);
  });

  it('prints a table', async () => {
    const text = await backtest(...usual, '--models', 'seasonal-naive');
    expect(text).toMatch(/steps 1-24 .*MAE/);
    expect(text).toMatch(/seasonal-naive-mean +\d/);
  });

  it('writes the forecasts, packed where the name says so', async () => {
    const out = join(folder, 'out.csv.gz');
    const words = ['--models', 'naive', '--quantiles', '.9,.025', '--forecasts', out, '-o', 'json'];
    await backtest(...usual, ...words);
    const lines = gunzipSync(readFileSync(out)).toString().trim().split('\n');
    expect(lines[0]).toBe('unique_id,ds,cutoff,model,y_hat,q025,q90');
    expect(lines).toHaveLength(1 + 2 * 3 * 2 * 24);
  });

  it('does not read what lies at and after --until', async () => {
    const until = ['--until', '1970-01-14T00:00:00Z', '--models', 'naive', '-o', 'json'];
    expect(JSON.parse(await backtest(...usual, ...until)).cutoffs).toEqual(
      [264, 288].map((h) => h * 3_600),
    );
  });

  it('forecasts past the end and takes actuals from another file', async () => {
    const actuals = join(folder, 'actuals.csv');
    const rows = Array.from({ length: 24 }, (_, hour) => `vm-1,${(360 + hour) * 3_600},5`);
    writeFileSync(actuals, `unique_id,ds,y\n${rows.join('\n')}\n`);
    const words = ['--origins', 'final', '--actuals', actuals, '--models', 'naive', '-o', 'json'];
    const report = JSON.parse(await backtest(...usual, ...words));
    expect(report).toMatchObject({ requested: 24, no_actual: 48, origins: 1 });
  });

  it('learns from the fleets of --train alone when told so', async () => {
    const words = ['--models', 'boosted', '-o', 'json'];
    const own = JSON.parse(await backtest(...usual, ...words));
    const taught = JSON.parse(await backtest(...usual, ...words, '--train', input, '--train-only'));
    expect(taught.models.boosted.failures).toEqual(own.models.boosted.failures);
    await expect(backtest(...usual, ...words, '--train-only')).rejects.toThrow(
      /--train-only is set/,
    );
  });

  it.each([
    [['--models', 'naiv'], /model 'naiv' is unknown; there are naive,/],
    [['--models', 'naive', '--horizon', '169'], /--horizon is 169; 1 to 168 steps of 3600 s/],
    [['--models', 'naive', '--step', '60'], /--step is '60'; 300 or 3600 is accepted/],
    [['--models', 'naive', '--origins', '0'], /--origins is '0'/],
    [['--models', 'naive', '--origins', '99'], /start before the data/],
    [['--models', 'naive', '--quantiles', '.5,1'], /--quantiles has '1'/],
    [['--models', 'naive', '--until', '1969-12-01T00:00:00Z'], /has no row before 1969-12-01/],
    [['--models', 'naive', '--input', join(folder, 'none.csv')], /does not exist/],
    [['--models', 'naive', '--train', join(folder, 'none.csv')], /--train .* does not exist/],
    [['--models', 'naive', '--minutes', '60'], /name the file to write with --windows/],
    [
      ['--models', 'naive', '--windows', 'w.csv', '--minutes', '90'],
      /--minutes has '90'; whole steps of 3600 s up to 720 minutes are accepted/,
    ],
    [
      ['--models', 'naive', '--windows', 'w.csv', '--horizon', '12'],
      /--windows ranks a whole day; --horizon 12 is less, 24 steps are needed/,
    ],
  ])('refuses %j in one sentence and writes nothing', async (words, message) => {
    const out = join(folder, 'refused.csv');
    await expect(backtest(...usual, '--forecasts', out, ...words)).rejects.toThrow(message);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('unfinished'))).toEqual([]);
  });
});
