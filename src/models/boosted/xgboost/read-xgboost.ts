// XGBoost models in JSON (versions 1 to 3): all that a prediction depends on is checked before a row is seen.
//
// Taken: gbtree with scalar trees and numeric splits. Refused by name: dart, gblinear, several classes,
// multi-target trees, categorical splits, other objectives.
import { JsonPlace } from './json-place';
import { treeOf, type TreeNodes } from './read-tree';
import {
  CHECKSUM_ATTRIBUTE,
  contentChecksum,
  FLOAT32_MAX,
  XGBOOST_OBJECTIVES,
  type XgboostModel,
  type XgboostObjective,
} from './xgboost-model';

const OUTPUTS_MAX = 65_535;

/** `file` names it in errors. Throws INPUT_UNREADABLE with the file, the place in it, and the reason. O(text). */
export function readXgboost(file: string, text: string): XgboostModel {
  const root = new JsonPlace(file, '', parse(file, text));
  const learner = root.at('learner');
  const booster = learner.at('gradient_booster');
  const name = booster.at('name').text();
  if (name !== 'gbtree') booster.at('name').refuse(`is '${name}'; gbtree is read`);
  const objective = objectiveOf(learner.at('objective').at('name'));
  const parameters = learner.at('learner_model_param');
  const featureCount = parameters.at('num_feature').count();
  const outputCount = outputCountOf(parameters);
  const forest = booster.at('model');
  const places = forest.at('trees').items();
  const declared = forest.at('gbtree_model_param').at('num_trees').count();
  if (declared !== places.length) {
    forest.at('trees').refuse(`are ${places.length}; num_trees says ${declared}`);
  }
  const infos = forest.at('tree_info').integers(places.length, 0, outputCount - 1);
  const treeOutputs = Uint16Array.from(infos);
  const trees = places.map((place, index) => treeOf(place, index, featureCount));
  const model: XgboostModel = {
    ...joined(trees),
    objective,
    featureCount,
    featureNames: featureNamesOf(learner, featureCount),
    levels: levelsOf(learner, objective, outputCount),
    base: baseOf(parameters.at('base_score'), objective, outputCount),
    treeOutputs,
    attributes: learner.has('attributes') ? learner.at('attributes').dictionary() : {},
  };
  refuseOverflow(model, forest.at('trees'));
  refuseChanged(model, root);
  return model;
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    return new JsonPlace(file, '', undefined).refuse(`it is no JSON: ${(cause as Error).message}`);
  }
}

function objectiveOf(place: JsonPlace): XgboostObjective {
  const name = place.text();
  const known = XGBOOST_OBJECTIVES.find((one) => one === name);
  return known ?? place.refuse(`is '${name}'; ${XGBOOST_OBJECTIVES.join(', ')} are read`);
}

/** Version 1 before 1.6 has no num_target. */
function outputCountOf(parameters: JsonPlace): number {
  const classes = parameters.has('num_class') ? parameters.at('num_class').count() : 0;
  if (classes > 1) parameters.at('num_class').refuse(`is ${classes}; one class or none is read`);
  const targets = parameters.has('num_target') ? parameters.at('num_target').count() : 1;
  if (targets < 1 || targets > OUTPUTS_MAX) {
    parameters.at('num_target').refuse(`is ${targets}; 1 to ${OUTPUTS_MAX} is accepted`);
  }
  return targets;
}

function featureNamesOf(learner: JsonPlace, featureCount: number): readonly string[] {
  if (!learner.has('feature_names')) return [];
  const place = learner.at('feature_names');
  const names = place.texts();
  if (names.length > 0 && names.length !== featureCount) {
    place.refuse(`are ${names.length}; num_feature says ${featureCount}`);
  }
  return names;
}

function levelsOf(
  learner: JsonPlace,
  objective: XgboostObjective,
  outputCount: number,
): readonly number[] {
  if (objective !== 'reg:quantileerror') return [];
  const place = learner.at('objective').at('quantile_loss_param').at('quantile_alpha');
  const levels = place.numbersOfText();
  if (levels.some((one) => !(one > 0 && one < 1))) place.refuse('has a level outside 0 to 1');
  if (levels.length !== outputCount) {
    place.refuse(`has ${levels.length} levels; num_target says ${outputCount}`);
  }
  return levels;
}

/** base_score is a forecast or a probability: "5E-1" to version 3.0, "[5E-1]" with one for each output since. */
function baseOf(place: JsonPlace, objective: XgboostObjective, outputCount: number): Float32Array {
  const scores = place.numbersOfText();
  if (scores.length !== 1 && scores.length !== outputCount) {
    place.refuse(`has ${scores.length} numbers; 1 or ${outputCount} are expected`);
  }
  const base = Float32Array.from({ length: outputCount }, (_, output) => {
    const score = Math.fround(scores[scores.length === 1 ? 0 : output]);
    if (objective !== 'binary:logistic') return score;
    if (!(score > 0 && score < 1)) place.refuse(`is ${score}; a probability is expected`);
    return 0 - Math.log(Math.fround(Math.fround(1 / score) - 1)); // 0, not -0, of a half
  });
  if (!base.every((one) => Number.isFinite(one))) place.refuse('is not finite in float32');
  return base;
}

type Nodes = Pick<
  XgboostModel,
  'treeStarts' | 'features' | 'thresholds' | 'left' | 'right' | 'missingLeft' | 'gains'
>;

function joined(trees: readonly TreeNodes[]): Nodes {
  const treeStarts = new Uint32Array(trees.length + 1);
  trees.forEach(({ features }, tree) => {
    treeStarts[tree + 1] = treeStarts[tree] + features.length;
  });
  const count = treeStarts[trees.length];
  const nodes = {
    treeStarts,
    features: new Int32Array(count),
    thresholds: new Float32Array(count),
    left: new Int32Array(count),
    right: new Int32Array(count),
    missingLeft: new Uint8Array(count),
    gains: new Float32Array(count),
  };
  trees.forEach((tree, index) => {
    const start = treeStarts[index];
    const moved = (child: number): number => (child < 0 ? -1 : start + child);
    nodes.features.set(tree.features, start);
    nodes.thresholds.set(tree.thresholds, start);
    nodes.left.set(tree.left.map(moved), start);
    nodes.right.set(tree.right.map(moved), start);
    nodes.missingLeft.set(tree.missingLeft, start);
    nodes.gains.set(tree.gains, start);
  });
  return nodes;
}

/** No row can add up to infinity, whatever its leaves. */
function refuseOverflow(model: XgboostModel, place: JsonPlace): void {
  const most = Float64Array.from(model.base, Math.abs);
  model.treeOutputs.forEach((output, tree) => {
    let largest = 0;
    for (let node = model.treeStarts[tree]; node < model.treeStarts[tree + 1]; node += 1) {
      if (model.features[node] < 0) {
        largest = Math.max(largest, Math.abs(model.thresholds[node]));
      }
    }
    most[output] += largest;
  });
  if (most.some((one) => one > FLOAT32_MAX / 2)) place.refuse('add up beyond float32');
}

function refuseChanged(model: XgboostModel, root: JsonPlace): void {
  const wanted = model.attributes[CHECKSUM_ATTRIBUTE];
  const found = contentChecksum(model);
  if (wanted === undefined || wanted === found) return;
  root.refuse(
    `its content has checksum ${found}, its attribute ${CHECKSUM_ATTRIBUTE} says ${wanted}: it was changed, ` +
      'or trained on (then delete the attribute)',
  );
}
