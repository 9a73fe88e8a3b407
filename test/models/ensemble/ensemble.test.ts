// The choice among members: sharp, per quantile, and the same however the fleet is cut.
import fc from 'fast-check';
import { batchOf, QUANTILE_LEVELS, uniform, type SeriesBatch } from '../../../src/core';
import {
  averageNights,
  chooseMembers,
  chosenModel,
  combineForecasts,
  createBaseline,
  fleetLosses,
  memberLosses,
  mergeFleetLosses,
  type Choice,
  type FleetLosses,
  type Forecaster,
  type ForecastBatch,
  type MemberLosses,
} from '../../../src/models';
import { futureReplaced, permuted, scaled, waves } from '../series-lab';

const NAMES = ['naive', 'seasonal-naive', 'level-decay'];
const MEMBERS: readonly Forecaster[] = NAMES.map((name) => createBaseline(name));
const HORIZON = 24;

function lossesOf(history: SeriesBatch): Promise<MemberLosses> {
  return memberLosses(history, MEMBERS, {
    end: history.length,
    seasonLength: 24,
    stepsPerDay: 24,
    nights: 14,
    horizon: HORIZON,
    levels: QUANTILE_LEVELS,
  });
}

async function ensembleOf(history: SeriesBatch, end = history.length): Promise<ForecastBatch> {
  const request = { end, seasonLength: 24, horizon: HORIZON, levels: QUANTILE_LEVELS };
  const losses = await memberLosses(history, MEMBERS, { ...request, stepsPerDay: 24, nights: 14 });
  const forecasts: ForecastBatch[] = [];
  for (const member of MEMBERS) {
    const fitted = await member.fit(history, { end, seasonLength: 24 });
    forecasts.push(await fitted.forecast(history, request));
  }
  return combineForecasts(chooseMembers(losses, fleetLosses(losses)), forecasts);
}

describe('fleet losses', () => {
  it('are the same bits in whatever order and pieces they are added', async () => {
    const parts: FleetLosses[] = [];
    for (let seed = 1; seed <= 6; seed += 1) {
      parts.push(fleetLosses(await lossesOf(waves(3, 480, 24, seed))));
    }
    const whole = parts.reduce(mergeFleetLosses);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
        fc.integer({ min: 1, max: 5 }),
        (order, cut) => {
          const shuffled = order.map((at) => parts[at]);
          const left = shuffled.slice(0, cut).reduce(mergeFleetLosses);
          const right = shuffled.slice(cut).reduce(mergeFleetLosses);
          expect(mergeFleetLosses(right, left)).toEqual(whole);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('of one batch equal those of its rows apart', async () => {
    const history = waves(4, 480);
    const rows = [0, 1, 2, 3].map((row) => ({
      ...history,
      seriesCount: 1,
      values: history.values.slice(row * history.length, (row + 1) * history.length),
    }));
    const apart = await Promise.all(rows.map(async (row) => fleetLosses(await lossesOf(row))));
    expect(apart.reduce(mergeFleetLosses)).toEqual(fleetLosses(await lossesOf(history)));
  });
});

describe('the choice', () => {
  it('follows the daily wave where there is one and the level where there is none', async () => {
    const wave = Array.from(
      { length: 600 },
      (_, at) => 30 + 20 * Math.sin((2 * Math.PI * at) / 24) + 4 * uniform(9, at),
    );
    const walks = [1, 2, 3].map((seed) => {
      let level = 40;
      return Array.from({ length: 600 }, (_, at) => (level += uniform(seed, at) - 0.5));
    });
    const losses = await lossesOf(batchOf(0, 3_600_000, [wave, ...walks]));
    const choice = chooseMembers(losses, fleetLosses(losses));
    expect(chosenModel(choice, 0)).toBe('seasonal-naive');
    expect(chosenModel(choice, 3)).not.toBe('seasonal-naive');
  });

  it('gives weights that add up to one, and none to what is clearly worse', async () => {
    const losses = await lossesOf(waves(5, 600));
    const { weights } = chooseMembers(losses, fleetLosses(losses));
    for (let at = 0; at < weights.length; at += NAMES.length) {
      const row = [...weights.subarray(at, at + NAMES.length)];
      expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
    }
    expect([...weights].filter((weight) => weight === 0).length).toBeGreaterThan(
      weights.length / 3,
    );
  });

  it('says why it could not judge a series, and follows the fleet there', async () => {
    const young = Array.from({ length: 600 }, (_, at) => (at < 560 ? Number.NaN : at % 5));
    const history = waves(3, 600);
    const values = Float64Array.from([...history.values, ...young]);
    const losses = await lossesOf({ ...history, seriesCount: 4, values });
    const choice = chooseMembers(losses, fleetLosses(losses));
    expect(choice.reasons.get(3)).toMatch(/too few nights of history/);
    expect(choice.reasons.size).toBe(1);
  });
});

describe('the memory of nights', () => {
  const cell = { members: ['steady', 'lucky once'], blocks: [{ from: 1, to: 1 }], levels: [0.5] };
  const night = (age: number, ...losses: number[]) => ({
    age,
    losses: losses.map((loss) => Float32Array.of(loss)),
  });

  it('gives one wild night no more say than a quiet one', () => {
    const quiet = [1, 2, 3, 4].map((age) => night(age, 0.1, 0.2));
    const nights = [...quiet, night(1, 90, 10)];
    const { losses, relative } = averageNights(nights, { ...cell, seriesCount: 1 });
    expect(losses[0]).toBeGreaterThan(losses[1]);
    expect(relative[0]).toBeLessThan(relative[1]);
  });

  it('favours nobody on a night on which nobody lost anything', () => {
    const { relative } = averageNights([night(1, 0, 0)], { ...cell, seriesCount: 1 });
    expect([...relative]).toEqual([1, 1]);
  });
});

describe('the combination', () => {
  it('takes each quantile from its own members and keeps them rising', () => {
    const [naive, other] = [2, 5].map((value): ForecastBatch => ({
      seriesCount: 1,
      horizon: 1,
      levels: [0.1, 0.5, 0.9],
      point: Float64Array.of(value),
      mean: Float64Array.of(value),
      quantiles: Float64Array.of(value - 1, value, value + 1),
      status: new Uint8Array(1),
      abstentions: new Map(),
    }));
    const choice: Choice = {
      members: ['naive', 'other'],
      blocks: [{ from: 1, to: 1 }],
      levels: [0.1, 0.5, 0.9],
      seriesCount: 1,
      weights: Float64Array.of(0, 1, 1, 0, 0.5, 0.5),
      reasons: new Map(),
    };
    const { quantiles, point } = combineForecasts(choice, [naive, other]);
    expect([...quantiles]).toEqual([2, 4, 4.5]);
    expect(point[0]).toBe(4);
  });
});

describe('the ensemble', () => {
  it('never reads at or after the end', async () => {
    const history = waves(3, 480);
    const known = await ensembleOf(history, 456);
    expect(await ensembleOf(futureReplaced(history, 456, 1e6), 456)).toEqual(known);
    expect(await ensembleOf(futureReplaced(history, 456, Number.NaN), 456)).toEqual(known);
  });

  it('says the same of a row wherever it stands in the fleet', async () => {
    const order = [3, 1, 0, 2];
    const one = await ensembleOf(waves(4, 480));
    const other = await ensembleOf(permuted(waves(4, 480), order));
    order.forEach((from, to) => {
      const row = (batch: ForecastBatch, at: number): Float64Array =>
        batch.quantiles.subarray(at * 9 * HORIZON, (at + 1) * 9 * HORIZON);
      expect(row(other, to)).toEqual(row(one, from));
    });
  });

  it('scales with its series', async () => {
    const one = await ensembleOf(waves(4, 480));
    const other = await ensembleOf(scaled(waves(4, 480), 4));
    other.quantiles.forEach((value, at) => {
      const expected = 4 * one.quantiles[at];
      expect(Math.abs(value - expected)).toBeLessThan(1e-3 * Math.abs(expected));
    });
  });

  it('abstains with a reason where nothing is known', async () => {
    const history = batchOf(0, 3_600_000, [Array(480).fill(Number.NaN), Array(480).fill(1)]);
    const batch = await ensembleOf(history);
    expect(batch.abstentions.get(0)?.reason).toBe('no known value');
    expect([...batch.point].every(Number.isFinite)).toBe(true);
  });
});
