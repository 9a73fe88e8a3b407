import { countStructure, judgeStructure, type ModelRun } from '../../../src/predict';

const DAY = 24;

/** One series of `days`; the model forecasts `model(at)`; the last `count` days are the origins. */
function judged(
  days: number,
  count: number,
  value: (at: number) => number,
  model: (at: number) => number,
) {
  const length = days * DAY;
  const values = Float64Array.from({ length }, (_, at) => value(at));
  const cutoffs = Int32Array.from({ length: count }, (_, at) => length - (count - at) * DAY);
  const actual = values.slice(length - count * DAY);
  const point = actual.map((_, at) => model(length - count * DAY + at));
  const panel = { ids: ['v'], start: 0, step: 3_600, length, values, rejectedLines: 0 };
  const run = { median: { point, quantiles: [] } } as unknown as ModelRun;
  const request = {
    panel,
    origins: { anchor: 'global', count, cutoffs },
    reference: { actual },
    horizon: DAY,
    stepsPerDay: DAY,
  };
  return judgeStructure(run, request as unknown as Parameters<typeof judgeStructure>[1])[0];
}

const wave = (at: number): number => 50 + 40 * Math.sin((2 * Math.PI * at) / DAY);

/** Uniform in [0, 1), the same for the same number. */
function noise(seed: number): (at: number) => number {
  return (at) => {
    let state = (Math.imul(at + 1, 2_654_435_761) ^ Math.imul(seed + 1, 40_503)) >>> 0;
    state ^= state >>> 16;
    state = Math.imul(state, 2_246_822_507) >>> 0;
    state ^= state >>> 13;
    state = Math.imul(state, 3_266_489_909) >>> 0;
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
  };
}

describe('the structure of VMs', () => {
  it('is found where the model beats the own median on every origin', () => {
    const drawn = noise(1);
    const verdict = judged(36, 8, (at) => wave(at) + drawn(at), wave);
    expect(verdict).toMatchObject({ structured: true, origins: 8 });
    expect(verdict.gain).toBeGreaterThan(20);
    expect(verdict.standardError).toBeLessThan(1);
  });

  it('is not found where the model is the own median, or worse, or the VM is constant', () => {
    expect(
      judged(
        36,
        8,
        () => 7,
        () => 7,
      ),
    ).toMatchObject({ structured: false, gain: 0 });
    expect(judged(36, 8, wave, () => 90).structured).toBe(false);
  });

  it('is not found in a gain of one day among eight', () => {
    const drawn = noise(2);
    const lucky = (at: number): number => (at < 29 * DAY ? drawn(at) : 0.5);
    const verdict = judged(36, 8, drawn, lucky);
    expect(verdict.gain).toBeGreaterThan(0);
    expect(verdict.structured).toBe(false);
  });

  it('is found by chance in about one of twenty series of noise', () => {
    const verdicts = Array.from({ length: 400 }, (_, seed) => {
      const [drawn, guess] = [noise(seed), noise(seed + 10_000)];
      // A model that knows the mean and errs a little about it: as good as the median.
      return judged(
        12,
        8,
        (at) => drawn(at),
        (at) => 0.5 + 0.02 * (guess(at) - 0.5),
      );
    });
    const { structured, without, unjudged } = countStructure(verdicts);
    expect([structured + without, unjudged]).toEqual([400, 0]);
    expect(structured).toBeLessThan(60);
    expect(without).toBeGreaterThan(340);
  });

  it('is not judged with fewer than four origins', () => {
    const verdict = judged(36, 3, wave, wave);
    expect([verdict.structured, verdict.origins]).toEqual([undefined, 3]);
  });
});
