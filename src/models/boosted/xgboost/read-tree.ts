// One tree of an XGBoost file: that it is a tree is proved here, so that walking it ends.
import type { JsonPlace } from './json-place';

/** Arrays over the nodes of one tree; children as numbers within it. */
export interface TreeNodes {
  /** -1 = leaf. */
  readonly features: Int32Array;
  readonly thresholds: Float32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  readonly missingLeft: Uint8Array;
  readonly gains: Float32Array;
}

const INT32_MAX = 2_147_483_647; // what XGBoost writes as parent of the root

/** Throws as JsonPlace does. O(nodes). */
export function treeOf(place: JsonPlace, index: number, featureCount: number): TreeNodes {
  const parameters = place.at('tree_param');
  const count = parameters.at('num_nodes').count();
  if (count < 1) parameters.at('num_nodes').refuse('is 0; a tree has a root');
  const leafSize = parameters.has('size_leaf_vector')
    ? parameters.at('size_leaf_vector').count()
    : 1;
  if (leafSize > 1) {
    parameters.at('size_leaf_vector').refuse(`is ${leafSize}; trees of one output are read`);
  }
  if (place.has('id') && place.at('id').count() !== index) {
    place.at('id').refuse(`is ${place.at('id').count()}, not ${index}`);
  }
  const hasTypes = place.has('split_type'); // since version 1.3
  if (hasTypes && place.at('split_type').integers(count, 0, 1).includes(1))
    place.at('split_type').refuse('has categories; numbers are read');
  const left = place.at('left_children').integers(count, -1, count - 1);
  const right = place.at('right_children').integers(count, -1, count - 1);
  const featuresMax = Math.max(0, featureCount - 1);
  const features = place.at('split_indices').integers(count, 0, INT32_MAX);
  for (let node = 0; node < count; node += 1) {
    if (left[node] < 0) features[node] = -1;
    else if (features[node] > featuresMax || featureCount === 0) {
      place
        .at('split_indices')
        .refuse(`[${node}] is ${features[node]} of ${featureCount} features`);
    }
  }
  const tree: TreeNodes = {
    features,
    thresholds: place.at('split_conditions').floats(count),
    left,
    right,
    missingLeft: Uint8Array.from(place.at('default_left').integers(count, 0, 1)),
    gains: place.at('loss_changes').floats(count),
  };
  const parents = place.at('parents').integers(count, -1, INT32_MAX);
  const deleted = parameters.has('num_deleted') ? parameters.at('num_deleted').count() : 0;
  const reached = walk(tree, parents, place);
  if (reached + deleted !== count) {
    place.refuse(`has ${count} nodes; ${reached} are reached and ${deleted} were deleted`);
  }
  return tree;
}

/** Number of nodes below the root and itself; refuses a node that is reached twice or has another parent. */
function walk({ left, right }: TreeNodes, parents: Int32Array, place: JsonPlace): number {
  const seen = new Uint8Array(left.length);
  seen[0] = 1;
  const waiting = [0];
  let reached = 0;
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    reached += 1;
    if (left[node] < 0 !== right[node] < 0) place.refuse(`node ${node} has one child`);
    if (left[node] < 0) continue;
    for (const child of [left[node], right[node]]) {
      if (seen[child] === 1) place.refuse(`node ${child} is reached twice`);
      if (parents[child] !== node) {
        place.refuse(`node ${child} says its parent is ${parents[child]}, not ${node}`);
      }
      seen[child] = 1;
      waiting.push(child);
    }
  }
  return reached;
}
