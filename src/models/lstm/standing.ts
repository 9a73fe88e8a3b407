// A training that was broken off, as bytes: weights, moments, the best so far, and which training it was.
import { DomainError } from '../../core';
import { weightCount, type LstmShape } from '../../kernels';
import { decodeTensors, encodeTensors, type Tensor } from './safetensors';
import type { Standing } from './train-lstm';

const ARRAYS = ['weights', 'firstMoments', 'secondMoments', 'best'] as const;

/** `key` names data, seed, and settings of the training. */
export function encodeStanding(standing: Standing, key: string): Uint8Array {
  const { weights, firstMoments, secondMoments, best } = standing;
  const arrays = { weights: weights.values, firstMoments, secondMoments, best };
  const tensors = new Map<string, Tensor>(
    ARRAYS.map((name) => [name, { shape: [best.length], values: arrays[name] }]),
  );
  const { updates, lessons, bestLoss, bestLessons } = standing;
  const counters = [updates, lessons, bestLoss, bestLessons].map(String).join(' ');
  return encodeTensors({
    tensors,
    metadata: { kind: 'slackwater-lstm-training-1', key, counters },
  });
}

/** Throws MODEL_STATE_INVALID when the bytes are not those of the training `key`. */
export function decodeStanding(
  model: string,
  bytes: Uint8Array,
  key: string,
  shape: LstmShape,
): Standing {
  const { tensors, metadata } = decodeTensors(model, bytes);
  const arrays = ARRAYS.map((name) => tensors.get(name)?.values ?? new Float32Array());
  const length = weightCount(shape);
  if (metadata.key !== key || arrays.some((one) => one.length !== length)) {
    throw new DomainError(
      'MODEL_STATE_INVALID',
      `the checkpoint of model '${model}' is of a training on other data or with other settings; ` +
        'remove it to begin anew',
    );
  }
  const [updates, lessons, bestLoss, bestLessons] = metadata.counters.split(' ').map(Number);
  const [values, firstMoments, secondMoments, best] = arrays;
  return {
    weights: { shape, values },
    firstMoments,
    secondMoments,
    best,
    updates,
    lessons,
    bestLoss,
    bestLessons,
  };
}
