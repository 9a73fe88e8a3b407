// Our symmetric trees as an XGBoost model in JSON: bins become thresholds, each output has trees of its own.
//
// Format: XGBoost's doc/model.schema; read by XGBoost 2.0 (3 outputs and more) and later.
import type { BinCuts, BoostedLoss } from '../../../kernels';
import type { LevelGroup } from '../boosted-state';
import {
  CHECKSUM_ATTRIBUTE,
  contentChecksum,
  FLOAT32_MAX,
  type XgboostModel,
  type XgboostObjective,
} from './xgboost-model';

export interface ExportedTrees {
  readonly cuts: BinCuts;
  readonly featureNames: readonly string[];
  /** At least one, all of one loss; `levels` is empty where the loss is not pinball. */
  readonly groups: readonly LevelGroup[];
  /** Kept in the file as they are: what the rows and the target of the model were. */
  readonly attributes: Readonly<Record<string, string>>;
}

const OBJECTIVES: Readonly<Record<BoostedLoss, XgboostObjective>> = {
  squared: 'reg:squarederror',
  logistic: 'binary:logistic',
  pinball: 'reg:quantileerror',
};

interface OutputTree {
  readonly output: number;
  /** Features and thresholds of the levels, first decision first. */
  readonly splits: readonly Split[];
  /** (2^levels) by path: left = 0, first decision in the highest bit. */
  readonly leaves: ArrayLike<number>;
}

interface Split {
  readonly feature: number;
  readonly threshold: number;
  /** Of all nodes of the level together. */
  readonly gain: number;
}

/**
 * Outputs in the order of their levels. What an output says before any tree is a tree of one leaf, and base_score
 * is 0: added in the same order, float32 sums have the same bits as ours, in any version of XGBoost.
 */
export function xgboostModelOf(exported: ExportedTrees): XgboostModel {
  const { cuts, featureNames, groups, attributes } = exported;
  const levels = groups.flatMap((one) => one.levels).toSorted((a, b) => a - b);
  const outputs = groups.flatMap((group) =>
    Array.from({ length: group.trees.outputCount }, (_, own) => ({
      group,
      own,
      output: Math.max(0, levels.indexOf(group.levels[own])),
    })),
  );
  outputs.sort((a, b) => a.output - b.output);
  const trees: OutputTree[] = outputs.map(({ group, own, output }) => ({
    output,
    splits: [],
    leaves: [group.trees.base[own]],
  }));
  const treeCount = Math.max(...groups.map((one) => one.trees.treeCount));
  for (let tree = 0; tree < treeCount; tree += 1) {
    for (const { group, own, output } of outputs) {
      if (tree < group.trees.treeCount) trees.push(outputTree(group, cuts, tree, own, output));
    }
  }
  const model: XgboostModel = {
    ...nodesOf(trees),
    objective: OBJECTIVES[groups[0].trees.loss],
    featureCount: featureNames.length,
    featureNames,
    levels,
    base: new Float32Array(outputs.length),
    attributes,
  };
  const checksum = { [CHECKSUM_ATTRIBUTE]: contentChecksum(model) };
  return { ...model, attributes: { ...attributes, ...checksum } };
}

/** Levels at which no finite value goes right are left out: XGBoost has no such threshold. */
function outputTree(
  { trees }: LevelGroup,
  cuts: BinCuts,
  tree: number,
  own: number,
  output: number,
): OutputTree {
  const { depth, outputCount, splitFeatures, splitBins, splitGains, leaves } = trees;
  const splits: Split[] = [];
  const bits: number[] = [];
  for (let level = 0; level < depth; level += 1) {
    const at = tree * depth + level;
    const feature = splitFeatures[at];
    const cut = cuts[feature].at(splitBins[at]); // "bin > b" is "value > cut[b]"
    if (cut === undefined || cut >= FLOAT32_MAX) continue;
    splits.push({ feature, threshold: nextAbove(cut), gain: splitGains[at] });
    bits.push(2 ** level);
  }
  const from = (tree * outputCount + own) * 2 ** depth;
  const ofPath = Float32Array.from({ length: 2 ** splits.length }, (_, path) => {
    const leaf = bits.reduce(
      (sum, bit, one) => (path & (1 << (splits.length - 1 - one)) ? sum + bit : sum),
      0,
    );
    return leaves[from + leaf];
  });
  return { output, splits, leaves: ofPath };
}

const WORD = new DataView(new ArrayBuffer(4));

/** The least float32 above a finite one: "value > cut" of float32 values is "not value < nextAbove(cut)". */
export function nextAbove(cut: number): number {
  WORD.setFloat32(0, cut === 0 ? 0 : cut);
  WORD.setInt32(0, WORD.getInt32(0) + (cut < 0 ? -1 : 1));
  return WORD.getFloat32(0);
}

/** Nodes of a tree by levels: children of node i are 2i + 1 and 2i + 2. Missing = left, as bin 0 goes. */
function nodesOf(
  trees: readonly OutputTree[],
): Omit<
  XgboostModel,
  'objective' | 'featureCount' | 'featureNames' | 'levels' | 'base' | 'attributes'
> {
  const treeStarts = new Uint32Array(trees.length + 1);
  trees.forEach(({ leaves }, tree) => {
    treeStarts[tree + 1] = treeStarts[tree] + 2 * leaves.length - 1;
  });
  const nodeCount = treeStarts[trees.length];
  const nodes = {
    treeOutputs: Uint16Array.from(trees, (one) => one.output),
    treeStarts,
    features: new Int32Array(nodeCount).fill(-1),
    thresholds: new Float32Array(nodeCount),
    left: new Int32Array(nodeCount).fill(-1),
    right: new Int32Array(nodeCount).fill(-1),
    missingLeft: new Uint8Array(nodeCount),
    gains: new Float32Array(nodeCount),
  };
  trees.forEach(({ splits, leaves }, tree) => {
    const start = treeStarts[tree];
    splits.forEach(({ feature, threshold, gain }, level) => {
      for (let own = 2 ** level - 1; own < 2 ** (level + 1) - 1; own += 1) {
        nodes.features[start + own] = feature;
        nodes.thresholds[start + own] = threshold;
        nodes.left[start + own] = start + 2 * own + 1;
        nodes.right[start + own] = start + 2 * own + 2;
        nodes.missingLeft[start + own] = 1;
        nodes.gains[start + own] = gain / 2 ** level;
      }
    });
    nodes.thresholds.set(
      Array.from(leaves, (leaf) => leaf + 0), // -0 becomes 0, as the text has it
      start + leaves.length - 1,
    );
  });
  return nodes;
}
