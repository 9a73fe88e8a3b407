// Residuals in buckets that grow with them: eight for each power of two, the innermost is zero.

export const RESIDUAL_BUCKETS = 512;
const PER_SIDE = RESIDUAL_BUCKETS / 2;
const PER_OCTAVE = 8;
const OCTAVE_MIN = -24; // of the mean residual: an idle VM moves by a millionth of what a busy one does
const ORIGIN = (127 + OCTAVE_MIN) * PER_OCTAVE; // the exponent of float32 is biased by 127

const asFloat = new Float32Array(1);
const asBits = new Uint32Array(asFloat.buffer);

/** Bucket of a float32 residual, ascending with it; the upper bits of its size are its bucket. */
export function bucketOf(residual: number): number {
  asFloat[0] = residual;
  const size = Math.min(Math.max(((asBits[0] & 0x7fffffff) >>> 20) - ORIGIN, 0), PER_SIDE - 1);
  return asBits[0] >>> 31 === 1 ? PER_SIDE - 1 - size : PER_SIDE + size;
}

/** The level's quantile of what was counted, linear inside its bucket. `total` > 0. */
export function bucketQuantile(counts: ArrayLike<number>, total: number, level: number): number {
  let left = level * total;
  let bucket = 0;
  while (bucket + 1 < RESIDUAL_BUCKETS && (counts[bucket] === 0 || left > counts[bucket])) {
    left -= counts[bucket];
    bucket += 1;
  }
  const share = counts[bucket] > 0 ? Math.min(Math.max(left / counts[bucket], 0), 1) : 0.5;
  if (bucket >= PER_SIDE) {
    const size = bucket - PER_SIDE;
    if (size === 0) return 0;
    return edgeOf(size) + share * (edgeOf(size + 1) - edgeOf(size));
  }
  const size = PER_SIDE - 1 - bucket;
  if (size === 0) return 0;
  return -edgeOf(size + 1) + share * (edgeOf(size + 1) - edgeOf(size));
}

/** Lower edge of the bucket of `size` > 0; the innermost stands for zero itself. */
function edgeOf(size: number): number {
  return 2 ** (Math.floor(size / PER_OCTAVE) + OCTAVE_MIN) * (1 + (size % PER_OCTAVE) / PER_OCTAVE);
}
