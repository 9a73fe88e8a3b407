// The text of an XGBoost model in JSON, tree by tree: a fleet's model has some 20 MB of it.
import type { XgboostModel } from './xgboost-model';

const FORMAT_VERSION = [2, 1, 0] as const; // with base_score as one number, which all later versions read
const NO_PARENT = 2_147_483_647;

/** Pieces of the text of a model whose nodes come after their parents. */
export function* xgboostText(model: XgboostModel): Generator<string> {
  const { featureNames, featureCount, treeOutputs, attributes } = model;
  const treeCount = treeOutputs.length;
  const header = JSON.stringify({
    attributes,
    feature_names: featureNames,
    feature_types: featureNames.map(() => 'float'),
  });
  const parameters = JSON.stringify({ num_parallel_tree: '1', num_trees: `${treeCount}` });
  yield `{"learner":${header.slice(0, -1)},"gradient_booster":{"model":{`;
  yield `"gbtree_model_param":${parameters},"iteration_indptr":[${iterationStarts(treeOutputs).join()}],`;
  yield `"tree_info":[${treeOutputs.join()}],"trees":[`;
  for (let tree = 0; tree < treeCount; tree += 1) {
    yield (tree === 0 ? '' : ',') + treeText(model, tree);
  }
  const learner = {
    base_score: objectiveIsLogistic(model) ? '5E-1' : '0E0',
    boost_from_average: '0',
    num_class: '0',
    num_feature: `${featureCount}`,
    num_target: `${model.base.length}`,
  };
  yield `]},"name":"gbtree"},"learner_model_param":${JSON.stringify(learner)},`;
  yield `"objective":${JSON.stringify(objectiveOf(model))}},"version":[${FORMAT_VERSION.join()}]}`;
}

/** A new iteration begins where an output comes again. */
function iterationStarts(treeOutputs: Uint16Array): readonly number[] {
  const starts = [0];
  let seen = new Set<number>();
  treeOutputs.forEach((output, tree) => {
    if (seen.has(output)) {
      starts.push(tree);
      seen = new Set();
    }
    seen.add(output);
  });
  return [...starts, treeOutputs.length];
}

function objectiveIsLogistic({ objective }: XgboostModel): boolean {
  return objective === 'binary:logistic';
}

function objectiveOf({ objective, levels }: XgboostModel): Record<string, unknown> {
  if (objective === 'reg:quantileerror') {
    return { name: objective, quantile_loss_param: { quantile_alpha: `[${levels.join()}]` } };
  }
  return { name: objective, reg_loss_param: { scale_pos_weight: '1' } };
}

/**
 * Keys in XGBoost's order. We keep no row counts, so sum_hessian halves at each split (root: 1): it weighs
 * SHAP values and 'cover' only, never a prediction.
 */
function treeText(model: XgboostModel, tree: number): string {
  const start = model.treeStarts[tree];
  const count = model.treeStarts[tree + 1] - start;
  const nodes = Array.from({ length: count }, (_, own) => start + own);
  const isLeaf = (node: number): boolean => model.features[node] < 0;
  const parents = Array.from({ length: count }, () => NO_PARENT);
  const covers = Array.from({ length: count }, () => 1);
  for (const node of nodes) {
    if (isLeaf(node)) continue;
    for (const child of [model.left[node], model.right[node]]) {
      parents[child - start] = node - start;
      covers[child - start] = covers[node - start] / 2;
    }
  }
  const zeros = nodes.map(() => 0);
  const child = (side: Int32Array) => (node: number) => (isLeaf(node) ? -1 : side[node] - start);
  const floats = (valueOf: (node: number) => number): string =>
    nodes.map((node) => floatText(valueOf(node))).join();
  const weight = (node: number): number => (isLeaf(node) ? model.thresholds[node] : 0);
  const parameters = {
    num_deleted: '0',
    num_feature: `${model.featureCount}`,
    num_nodes: `${count}`,
    size_leaf_vector: '1',
  };
  return (
    `{"base_weights":[${floats(weight)}],"categories":[],"categories_nodes":[],` +
    `"categories_segments":[],"categories_sizes":[],` +
    `"default_left":[${nodes.map((node) => model.missingLeft[node]).join()}],"id":${tree},` +
    `"left_children":[${nodes.map(child(model.left)).join()}],` +
    `"loss_changes":[${floats((node) => model.gains[node])}],"parents":[${parents.join()}],` +
    `"right_children":[${nodes.map(child(model.right)).join()}],` +
    `"split_conditions":[${floats((node) => model.thresholds[node])}],` +
    `"split_indices":[${nodes.map((node) => Math.max(0, model.features[node])).join()}],` +
    `"split_type":[${zeros.join()}],` +
    `"sum_hessian":[${floats((node) => covers[node - start])}],` +
    `"tree_param":${JSON.stringify(parameters)}}`
  );
}

/** As few digits as give the same float32; never more than nine, beyond which XGBoost's reader gives up. */
export function floatText(value: number): string {
  if (value === 0) return '0E0';
  const short = value.toExponential(7);
  return Math.fround(Number(short)) === value ? short : value.toExponential(8);
}
