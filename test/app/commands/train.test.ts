// `slackwater train` and `run --model-dir`: the folder of models, and what is refused.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { registerModelsExport } from '../../../src/app/commands/models-export';
import { registerRun } from '../../../src/app/commands/run';
import { registerTrain } from '../../../src/app/commands/train';
import { readXgboost } from '../../../src/models';
import { waves } from '../../models/series-lab';

const folder = mkdtempSync(join(tmpdir(), 'train-'));
const hourly = join(folder, 'hourly.csv');
const fiveMinute = join(folder, 'five-minute.csv');
const DAYS = 28;
const AT = new Date(DAYS * 86_400_000).toISOString();

function writeFleet(path: string, stepsPerDay: number): void {
  const batch = waves(3, DAYS * stepsPerDay, stepsPerDay);
  const rows = ['unique_id,ds,y'];
  batch.values.forEach((value, at) => {
    const ds = ((at % batch.length) * 86_400) / stepsPerDay;
    if (!Number.isNaN(value)) rows.push(`vm-${Math.floor(at / batch.length)},${ds},${value}`);
  });
  writeFileSync(path, `${rows.join('\n')}\n`);
}

async function slackwater(...words: string[]): Promise<Record<string, unknown>> {
  const program = new Command().exitOverride();
  registerTrain(program);
  registerModelsExport(program);
  registerRun(program);
  const lines: string[] = [];
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0),
    jest.spyOn(process.stderr, 'write').mockImplementation(() => true),
  ];
  try {
    await program.parseAsync([...words, '-o', 'json'], { from: 'user' });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

beforeAll(() => {
  writeFleet(hourly, 24);
  writeFleet(fiveMinute, 288);
});

describe('slackwater train', () => {
  const out = join(folder, 'models');
  const usual = ['train', '--data', hourly, '--step', '3600', '--model', 'boosted'];

  it('writes a model, the one that judges the last nights, and a manifest', async () => {
    const report = await slackwater(...usual, '--out', out);
    expect(report.models).toEqual([
      expect.objectContaining({
        file: 'boosted-3600-judge.model',
        purpose: 'judge',
        untilMs: (DAYS - 14) * 86_400_000,
      }),
      expect.objectContaining({
        file: 'boosted-3600.model',
        purpose: 'forecast',
        horizon: 168,
        seed: 1,
        series: 3,
        fromMs: 0,
        untilMs: DAYS * 86_400_000,
      }),
    ]);
  });

  it('gives the same bits for the same data and seed, others for another seed', async () => {
    const modelOf = (name: string): Buffer =>
      readFileSync(join(folder, name, 'boosted-3600.model'));
    await slackwater(...usual, '--out', join(folder, 'again'));
    await slackwater(...usual, '--out', join(folder, 'other'), '--seed', '2');
    expect(modelOf('again').equals(modelOf('models'))).toBe(true);
    expect(modelOf('other').equals(modelOf('models'))).toBe(false);
  });

  it.each([
    [['--model', 'arima'], /model 'arima' is not trained on a fleet; these are: boosted/],
    [['--step', '60'], /--step is '60'; 300 or 3600/],
    [['--data', join(folder, 'none.csv')], /none\.csv/],
  ])('refuses %s with a reason', async (words, message) => {
    await expect(slackwater(...usual, '--out', out, ...words)).rejects.toThrow(message);
  });

  it('exports a booster for XGBoost, and refuses what it does not have', async () => {
    const file = join(folder, 'boosted.json');
    const words = ['models', 'export', '--model-dir', out, '--out', file];
    const report = await slackwater(...words, '--format', 'xgboost');
    expect(report).toMatchObject({ trees: 9 + 250 + 8 * 160, featureCount: 67 });
    const model = readXgboost(file, readFileSync(file, 'utf8'));
    expect(model.levels).toEqual([0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]);
    await expect(slackwater(...words, '--format', 'onnx')).rejects.toThrow(/xgboost is accepted/);
    await expect(slackwater(...words, '--model', 'boosted-blend')).rejects.toThrow(
      /has no model 'boosted-blend' of 3600 s; it has boosted \(3600 s\)/,
    );
  });

  it('lends its models to a night on files; a changed one is refused by name', async () => {
    const night = ['run', '--input', fiveMinute, '--step', '300', '--at', AT];
    const into = ['--out', join(folder, 'night')];
    const report = await slackwater(...night, ...into, '--model-dir', out);
    const { errors } = report as { errors: Record<string, unknown> };
    expect(JSON.stringify(errors)).toContain('boosted');
    const file = join(out, 'boosted-3600.model');
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(file, bytes);
    await expect(slackwater(...night, ...into, '--model-dir', out)).rejects.toThrow(
      /boosted-3600\.model.*it was cut or changed/,
    );
    await expect(slackwater(...night, ...into, '--model-dir', folder)).rejects.toThrow(
      /manifest\.json' cannot be read; 'slackwater train --out' writes it/,
    );
  });
});
