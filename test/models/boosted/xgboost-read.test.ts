// XGBoost's files, read in TypeScript: published references, what XGBoost saves today, and what must be refused.
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DomainError, hash32 } from '../../../src/core';
import { predictXgboost, readXgboost, type XgboostModel } from '../../../src/models';
import { describeWithPython, runPython } from '../../python';
import { describeWithData } from '../../test-data';
import { exportOf, type ExportLab } from './xgboost-lab';

function numbersOf(csv: string): Float32Array {
  return Float32Array.from(csv.trim().split(/[\n,]/), Number);
}

describeWithData('the published model', 'reference/xgboost', (path) => {
  it('predicts as its reference scores say, to 1e-6', () => {
    const files = untar(readFileSync(join(path, 'cuml-bindings_testdata.tar.gz')));
    const fileOf = (name: string): string => files.get(`./testdata/${name}`)?.toString() ?? '';
    const model = readXgboost('xgboost.json', fileOf('xgboost.json'));
    const expected = numbersOf(fileOf('score-xgboost.csv'));
    const scores = predictXgboost(model, numbersOf(fileOf('feature.csv')));
    expect(scores.length).toBe(114);
    scores.forEach((score, row) => expect(Math.abs(score - expected[row])).toBeLessThan(1e-6));
  });
});

/** Files of a .tar.gz by name. */
function untar(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const tar = gunzipSync(bytes);
  const files = new Map<string, Buffer>();
  const textAt = (from: number, length: number): string =>
    tar.toString('latin1', from, from + length).replace(/\0.*/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const length = Number.parseInt(textAt(at + 124, 12), 8);
    files.set(textAt(at, 100), tar.subarray(at + 512, at + 512 + length));
    at += 512 + 512 * Math.ceil(length / 512);
  }
  return files;
}

describeWithPython('models that XGBoost saves', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xgboost-'));
  const rowsFile = join(folder, 'rows.f32');
  beforeAll(() => {
    runPython('xgboost_train.py', [folder]);
  });

  it.each(['squared', 'logistic', 'pinball', 'forest', 'pruned'])(
    'predict the same, with missing values: %s',
    (name) => {
      const file = join(folder, `${name}.json`);
      const answer = JSON.parse(runPython('xgboost_predict.py', [file, rowsFile, '5'])) as {
        readonly predictions: number[][];
      };
      const bytes = readFileSync(rowsFile);
      const rows = new Float32Array(new Uint8Array(bytes).buffer);
      const scores = predictXgboost(readXgboost(file, readFileSync(file, 'utf8')), rows);
      const expected = answer.predictions.flat();
      expect(scores.length).toBe(expected.length);
      scores.forEach((score, at) => expect(Math.abs(score - expected[at])).toBeLessThan(1e-6));
    },
  );

  it.each([
    ['dart', "gradient_booster.name is 'dart'; gbtree is read"],
    ['counts', "objective.name is 'count:poisson'"],
    ['classes', "objective.name is 'multi:softprob'"],
    ['vector', 'trees of one output are read'],
  ])('are refused by name and reason: %s', (name, reason) => {
    const file = join(folder, `${name}.json`);
    expect(() => readXgboost(file, readFileSync(file, 'utf8'))).toThrow(reason);
  });
});

interface Tree {
  [key: string]: unknown;
  left_children: number[];
  split_conditions: number[];
  split_indices: number[];
}
interface Document {
  learner: {
    attributes: Record<string, string>;
    gradient_booster: { model: { trees: Tree[]; tree_info: number[] } };
    learner_model_param: Record<string, unknown>;
    objective: Record<string, unknown>;
  };
}

describe('an XGBoost file', () => {
  let lab: ExportLab;
  let logistic: ExportLab;
  beforeAll(async () => {
    lab = await exportOf('pinball');
    logistic = await exportOf('logistic');
  });

  function changed(change: (document: Document) => void, text = lab.text): XgboostModel {
    const document = JSON.parse(text) as Document;
    delete document.learner.attributes.slackwater_crc32c;
    change(document);
    return readXgboost('night.json', JSON.stringify(document));
  }
  const treesOf = ({ learner }: Document): Tree[] => learner.gradient_booster.model.trees;

  it.each<[string, (document: Document) => void, string]>([
    ['a child that is its own ancestor', (one) => (treesOf(one)[4].left_children[1] = 0), 'twice'],
    ['a child beyond the tree', (one) => (treesOf(one)[4].left_children[0] = 999), 'accepted'],
    ['one child', (one) => (treesOf(one)[4].left_children[0] = -1), 'node 0 has one child'],
    ['an unknown feature', (one) => (treesOf(one)[4].split_indices[0] = 4), 'is 4 of 4 features'],
    ['a threshold of 1e39', (one) => (treesOf(one)[4].split_conditions[0] = 1e39), 'float32'],
    ['leaves of 3e38', (one) => (treesOf(one)[0].split_conditions[0] = 3e38), 'beyond float32'],
    ['categories', (one) => (treesOf(one)[4].split_type as number[]).fill(1), 'has categories'],
    ['no parents', (one) => delete treesOf(one)[4].parents, 'trees[4].parents is missing'],
    ['another output', (one) => (one.learner.gradient_booster.model.tree_info[0] = 3), '0 to 2'],
    ['too few trees', (one) => treesOf(one).pop(), 'num_trees says'],
    ['no base', (one) => (one.learner.learner_model_param.base_score = ''), 'not a number'],
    ['two bases', (one) => (one.learner.learner_model_param.base_score = '[1,2]'), '1 or 3'],
    ['two levels', (one) => (one.learner.learner_model_param.num_target = '2'), 'is 2; 0 to 1'],
    ['four classes', (one) => (one.learner.learner_model_param.num_class = '4'), 'is 4; one'],
  ])('with %s is refused by name and reason', (_, change, reason) => {
    expect(() => changed(change)).toThrow(/^XGBoost model 'night.json': /);
    expect(() => changed(change)).toThrow(reason);
  });

  it.each([0.25, '2.5E-1', '[2.5E-1]', ' [ 0.25 ] '])('has base_score in the form %j', (form) => {
    const model = changed(
      (one) => (one.learner.learner_model_param.base_score = form),
      logistic.text,
    );
    expect(model.base[0]).toBe(Math.fround(Math.log(1 / 3)));
  });

  it('of version 1 lacks targets, types, names, and writes booleans', () => {
    const model = changed((one) => {
      delete one.learner.learner_model_param.num_target;
      for (const tree of treesOf(one)) {
        delete tree.split_type;
        tree.default_left = (tree.default_left as number[]).map((value) => value === 1);
      }
    }, logistic.text);
    expect(predictXgboost(model, logistic.rows, 'margin')).toEqual(logistic.scores);
  });

  it('sends a missing value where default_left says', () => {
    const model = changed((one) => {
      for (const tree of treesOf(one)) (tree.default_left as number[]).fill(0);
    }, logistic.text);
    const missing = new Float32Array(4).fill(Number.NaN);
    const largest = new Float32Array(4).fill(3e38);
    expect(predictXgboost(model, missing)).toEqual(predictXgboost(model, largest));
    expect(predictXgboost(model, missing)).not.toEqual(predictXgboost(logistic.model, missing));
  });

  it('cut anywhere is refused by name', () => {
    for (let draw = 0; draw < 200; draw += 1) {
      const length = hash32(11, draw) % lab.text.length;
      expect(() => readXgboost('cut.json', lab.text.slice(0, length))).toThrow(
        /'cut.json': it is no/,
      );
    }
  });

  it('of ours with any bit flipped is refused, or says the same: seeded flips', () => {
    const expected = predictXgboost(logistic.model, logistic.rows);
    let refused = 0;
    for (let draw = 0; draw < 600; draw += 1) {
      const model = flipped(logistic.text, 17, draw);
      if (model === undefined) refused += 1;
      else
        expect({ draw, scores: predictXgboost(model, logistic.rows) }).toEqual({
          draw,
          scores: expected,
        });
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('of others with any bit flipped is refused or finite, and never walks for ever: seeded flips', () => {
    const foreign = logistic.text.replace('slackwater_crc32c', 'other');
    for (let draw = 0; draw < 600; draw += 1) {
      const model = flipped(foreign, 19, draw);
      if (model === undefined || model.featureCount !== 4) continue;
      expect(predictXgboost(model, logistic.rows).every((one) => one >= 0 && one <= 1)).toBe(true);
    }
  });

  /** Undefined where it was refused as it should be. */
  function flipped(text: string, seed: number, draw: number): XgboostModel | undefined {
    const bytes = Buffer.from(text);
    bytes[hash32(seed, draw) % bytes.length] ^= 1 << (hash32(seed, draw, 1) % 8);
    try {
      return readXgboost('flipped.json', bytes.toString('utf8'));
    } catch (error) {
      expect(error).toBeInstanceOf(DomainError);
      expect((error as DomainError).code).toBe('INPUT_UNREADABLE');
      expect((error as DomainError).message).toContain("XGBoost model 'flipped.json': ");
      return undefined;
    }
  }
});
