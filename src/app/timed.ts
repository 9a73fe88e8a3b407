// Seconds of a named step, kept beside those of the others.

/** Writes seconds[name], to the millisecond, when `work` ends well. */
export async function timed<T>(
  seconds: Record<string, number>,
  name: string,
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const result = await work();
  seconds[name] = Math.round(performance.now() - started) / 1_000;
  return result;
}
