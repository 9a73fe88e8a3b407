// Seeded random numbers: counter-based, so that any value can be computed on its own.

// Once, not in each call: where globals are looked up by name (in Jest), that is most of the time.
const { imul } = Math;

/** 32-bit mix of a seed and up to three counters; the finaliser of MurmurHash3 (Appleby, 2011). */
export function hash32(seed: number, a: number, b = 0, c = 0): number {
  let h = seed | 0;
  h = mix(h ^ imul(a | 0, 0x9e3779b1));
  h = mix(h ^ imul(b | 0, 0x85ebca77));
  h = mix(h ^ imul(c | 0, 0xc2b2ae3d));
  return h >>> 0;
}

/** Uniform in [0, 1) with 32 bits. */
export function uniform(seed: number, a: number, b = 0, c = 0): number {
  return hash32(seed, a, b, c) / 4_294_967_296;
}

/** Standard normal by Box and Muller (1958). */
export function normal(seed: number, a: number, b = 0, c = 0): number {
  const u = (hash32(seed, a, b, c) + 1) / 4_294_967_297;
  const v = uniform(seed ^ 0x5bd1e995, a, b, c);
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

/** A 32-bit seed from text (FNV-1a, then mixed): the seed of (tenant, runDate, VM). */
export function seedOf(...parts: readonly string[]): number {
  let h = 0x811c9dc5;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 1) {
      h = imul(h ^ part.charCodeAt(i), 0x01000193);
    }
    h = imul(h ^ 0x1f, 0x01000193);
  }
  return mix(h) >>> 0;
}

function mix(value: number): number {
  let h = value;
  h ^= h >>> 16;
  h = imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h;
}
