// The course of a training: lessons of fresh windows, a rate that falls, a held-out span that says when to stop.
import { QUANTILE_LEVELS } from '../../core';
import type { Kernels, LstmShape, LstmTraining, LstmWeights } from '../../kernels';
import { firstWeights } from './first-weights';
import type { WindowDraws, Windows } from './training-windows';

export interface Course {
  readonly shape: LstmShape;
  readonly seed: number;
  /** Windows to learn from, at most. */
  readonly windowsMax: number;
}

/** Where a training stands between two lessons; resumed from it, it ends with the same bits. */
export interface Standing extends LstmTraining {
  readonly lessons: number;
  /** The best so far on the held-out span; also after how many lessons. */
  readonly best: Float32Array;
  readonly bestLoss: number;
  readonly bestLessons: number;
}

export interface TrainedLstm {
  readonly weights: LstmWeights;
  readonly windows: number;
  /** Mean pinball in units of the rows' scales; NaN without a held-out window. */
  readonly heldOutLoss: number;
}

const LESSON_WINDOWS = 2_048;
const BATCH_WINDOWS = 64;
const RATE = 1e-2;
const RATE_END = 1e-4;
const CLIP_NORM = 0.5;
const HELD_OUT_WINDOWS = 1_024;
const PATIENCE_LESSONS = 12;

/** `onLesson` may keep the standing it is given. Equal bits for equal draws, course, and instruction set. */
export async function trainLstm(
  kernels: Kernels,
  draws: WindowDraws,
  course: Course,
  standing?: Standing,
  onLesson?: (standing: Standing) => Promise<void>,
): Promise<TrainedLstm> {
  const { shape, seed, windowsMax } = course;
  const lessons = Math.max(1, Math.ceil(windowsMax / LESSON_WINDOWS));
  const heldOut = draws.heldOut(HELD_OUT_WINDOWS);
  let now = standing ?? beginning(shape, seed, draws);
  while (now.lessons < lessons && now.lessons - now.bestLessons < PATIENCE_LESSONS) {
    const { windows, targets } = draws.lesson(now.lessons * LESSON_WINDOWS, LESSON_WINDOWS);
    const share = now.lessons / lessons;
    const learningRate = RATE_END + (RATE - RATE_END) * 0.5 * (1 + Math.cos(Math.PI * share));
    const about = { levels: QUANTILE_LEVELS, batchSize: BATCH_WINDOWS, clipNorm: CLIP_NORM };
    const lesson = { windows, targets, learningRate, ...about };
    const next = await kernels.lstm.train(now, lesson);
    const done = now.lessons + 1;
    const loss = await pinballOf(kernels, next.weights, heldOut);
    const better = loss < now.bestLoss || Number.isNaN(loss);
    now = {
      ...next,
      lessons: done,
      best: better ? next.weights.values : now.best,
      bestLoss: better ? loss : now.bestLoss,
      bestLessons: better ? done : now.bestLessons,
    };
    await onLesson?.(now);
  }
  const weights = { shape, values: now.best };
  return { weights, windows: now.lessons * LESSON_WINDOWS, heldOutLoss: now.bestLoss };
}

function beginning(shape: LstmShape, seed: number, draws: WindowDraws): Standing {
  const { targets } = draws.lesson(0, LESSON_WINDOWS);
  const values = firstWeights(shape, seed, QUANTILE_LEVELS, targets);
  return {
    weights: { shape, values },
    firstMoments: new Float32Array(values.length),
    secondMoments: new Float32Array(values.length),
    updates: 0,
    lessons: 0,
    best: values,
    bestLoss: Infinity,
    bestLessons: 0,
  };
}

/** Mean pinball loss over known leads and all levels; NaN when nothing is known. */
export async function pinballOf(
  kernels: Kernels,
  weights: LstmWeights,
  { windows, targets }: Windows,
): Promise<number> {
  const outputs = await kernels.lstm.predict(weights, windows);
  const leads = weights.shape.outputCount / QUANTILE_LEVELS.length;
  let sum = 0;
  let terms = 0;
  for (let window = 0; window < windows.windowCount; window += 1) {
    QUANTILE_LEVELS.forEach((level, at) => {
      const from = window * weights.shape.outputCount + at * leads;
      for (let lead = 0; lead < leads; lead += 1) {
        const error = targets[window * leads + lead] - outputs[from + lead];
        if (Number.isNaN(error)) continue;
        sum += error >= 0 ? level * error : (level - 1) * error;
        terms += 1;
      }
    });
  }
  return terms === 0 ? NaN : sum / terms;
}
