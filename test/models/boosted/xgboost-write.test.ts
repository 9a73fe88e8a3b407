// Our boosters as XGBoost JSON: the real XGBoost opens them and says the same.
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  floatText,
  nextAbove,
  predictXgboost,
  readXgboost,
  xgboostImportance,
} from '../../../src/models';
import { describeWithPython, runPython } from '../../python';
import { exportOf, FEATURES, type ExportLab } from './xgboost-lab';

const LOSSES = ['squared', 'logistic', 'pinball'] as const;
const OBJECTIVES = ['reg:squarederror', 'binary:logistic', 'reg:quantileerror'];

describe.each(LOSSES)('a booster of %s loss as XGBoost JSON', (loss) => {
  let lab: ExportLab;
  beforeAll(async () => {
    lab = await exportOf(loss);
  });

  it('gives the bits of our kernels when it is read again, at every cut and where values are missing', () => {
    const read = readXgboost('model.json', lab.text);
    expect(predictXgboost(read, lab.rows, 'margin')).toEqual(lab.scores);
    expect(read).toEqual(lab.model);
  });

  it('keeps the importance of its features', () => {
    const shares = xgboostImportance(lab.model);
    expect(shares[0][0]).toBe('lag 1');
    expect(shares.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 6);
  });

  describeWithPython('for the real XGBoost', () => {
    const folder = mkdtempSync(join(tmpdir(), 'xgboost-'));
    const file = join(folder, 'model.json');
    const again = join(folder, 'again.json');
    let answer: Record<'predictions' | 'margins', number[][]> & Record<string, unknown>;
    beforeAll(() => {
      writeFileSync(file, lab.text);
      writeFileSync(join(folder, 'rows.f32'), lab.rows);
      const words = [file, join(folder, 'rows.f32'), String(FEATURES.length), again];
      answer = JSON.parse(runPython('xgboost_predict.py', words)) as typeof answer;
    });

    it('opens and says the same, bit for bit', () => {
      expect(Float32Array.from(answer.margins.flat())).toEqual(lab.scores);
      const own = predictXgboost(lab.model, lab.rows);
      answer.predictions.flat().forEach((value, at) => expect(value).toBeCloseTo(own[at], 6));
    });

    it('has objective, names, and gains', () => {
      expect(answer.objective).toBe(OBJECTIVES[LOSSES.indexOf(loss)]);
      expect(answer.names).toEqual(FEATURES);
      const gains = answer.gains as Record<string, number>;
      const total = Object.values(gains).reduce((a, b) => a + b, 0);
      for (const [name, share] of xgboostImportance(lab.model)) {
        expect(gains[name] / total).toBeCloseTo(share, 5);
      }
    });

    it('is read by us after XGBoost saved it again', () => {
      const read = readXgboost(again, readFileSync(again, 'utf8'));
      expect(predictXgboost(read, lab.rows, 'margin')).toEqual(lab.scores);
    });
  });
});

it('the least float32 above a cut separates it from all greater values', () => {
  for (const cut of [0, -0, 1, -1, 1e-45, -1e-45, 16_777_216, 3.4e38, -3.4e38].map(Math.fround)) {
    const above = nextAbove(cut);
    expect(cut < above).toBe(true);
    expect(Math.fround((cut + above) / 2) === cut || Math.fround((cut + above) / 2) === above).toBe(
      true,
    );
  }
});

it('a float32 is spelled with at most nine digits and read as the same', () => {
  for (const value of [1 / 3, 1e-45, 3.4028235e38, 0.1, 16_777_217, -7e-12].map(Math.fround)) {
    expect(Math.fround(Number(floatText(value)))).toBe(value);
    expect(floatText(value).replace(/e.*/, '').replaceAll(/\D/g, '').length).toBeLessThan(10);
  }
});
