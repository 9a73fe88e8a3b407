// One update of Adam (Kingma and Ba, 2015, algorithm 1) on a gradient whose norm is cut first.
export interface AdamUpdate {
  /** Changed in place, like the moments. */
  readonly values: Float32Array;
  /** A sum; times `scale` it is the mean. */
  readonly gradient: Float64Array;
  readonly scale: number;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  /** This one included. */
  readonly updates: number;
  readonly learningRate: number;
  readonly clipNorm: number;
}

export const BETA_1 = 0.9;
export const BETA_2 = 0.999;
export const EPSILON = 1e-8;

export function adam(update: AdamUpdate): void {
  const { values, gradient, firstMoments, secondMoments, updates, learningRate } = update;
  let squares = 0;
  for (const slope of gradient) squares += (slope * update.scale) ** 2;
  const norm = Math.sqrt(squares);
  const factor = update.scale * Math.min(1, update.clipNorm / Math.max(norm, 1e-30));
  const rate = (learningRate * Math.sqrt(1 - BETA_2 ** updates)) / (1 - BETA_1 ** updates);
  for (let at = 0; at < values.length; at += 1) {
    const slope = gradient[at] * factor;
    firstMoments[at] = BETA_1 * firstMoments[at] + (1 - BETA_1) * slope;
    secondMoments[at] = BETA_2 * secondMoments[at] + (1 - BETA_2) * slope * slope;
    values[at] -= (rate * firstMoments[at]) / (Math.sqrt(secondMoments[at]) + EPSILON);
  }
}
