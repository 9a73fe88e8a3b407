import { costCoverage, costDrift, nightCoverage, type OutcomeRecord } from '../../../src/migration';
import { COST, recordOf } from './outcome-cases';

const HOUR_MS = 3_600_000;
/** At P50 / below, between P50 and P95, above P95 of COST. */
const BELOW = { totalTimeMs: 9_000, downtimeMs: 150, bytesSent: 1e9 };
const BETWEEN = { totalTimeMs: 15_000, downtimeMs: 300, bytesSent: 3e9 };
const ABOVE = { totalTimeMs: 25_000, downtimeMs: 500, bytesSent: 5e9 };

function records(below: number, between: number, above: number): readonly OutcomeRecord[] {
  const of = (count: number, measures: object): OutcomeRecord[] =>
    Array.from({ length: count }, () => ({ ...recordOf(measures), predicted: COST }));
  const all = [...of(below, BELOW), ...of(between, BETWEEN), ...of(above, ABOVE)];
  return all.map((one, at) => ({ ...one, outcome: { ...one.outcome, id: `o-${at}` } }));
}

describe('coverage of predicted costs', () => {
  it('counts what lies within P50 and P95, and gives the median of measured / predicted', () => {
    const [time, pause] = costCoverage(records(2, 1, 1));
    expect(time).toEqual({
      measure: 'totalTimeMs',
      judged: 4,
      p50Cover: 0.5,
      p95Cover: 0.75,
      medianRatio: (0.9 + 1.5) / 2,
    });
    expect(pause).toMatchObject({ judged: 4, p50Cover: 0.5 });
  });

  it('leaves out what is unknown, not learned from, or was not predicted', () => {
    const [known] = records(1, 0, 0);
    const flagged = { ...known, judgement: { ...known.judgement, learned: false } };
    const unpredicted = { ...known, predicted: undefined };
    const unknown = { ...known, outcome: { ...known.outcome, downtimeMs: undefined } };
    const [time, pause] = costCoverage([known, flagged, unpredicted, unknown]);
    expect([time.judged, pause.judged]).toEqual([2, 1]);
    expect(costCoverage([])[0]).toEqual({ measure: 'totalTimeMs', judged: 0 });
  });

  it('goes by the local date of the start', () => {
    const [one] = records(1, 0, 0);
    const at = (iso: string) => ({
      ...one,
      outcome: { ...one.outcome, startedAtMs: Date.parse(iso) },
    });
    const nights = nightCoverage(
      [at('2026-11-27T22:30:00Z'), at('2026-11-27T23:30:00Z'), at('2026-11-28T01:00:00Z')],
      'Europe/Berlin',
    );
    expect(nights.map(({ date, migrations }) => [date, migrations])).toEqual([
      ['2026-11-27', 1],
      ['2026-11-28', 2],
    ]);
  });
});

describe('drift of costs', () => {
  it('is told when too many lie beyond P95 or on one side of P50, with the numbers', () => {
    const dearer = costDrift(records(14, 6, 10));
    expect(dearer.map(({ measure, direction }) => [measure, direction])).toEqual([
      ['totalTimeMs', 'dearer'],
      ['downtimeMs', 'dearer'],
      ['bytesSent', 'dearer'],
    ]);
    expect(dearer[0].reason).toBe(
      'totalTimeMs of the last 30 migrations: 16 above the predicted P50, 10 above P95, median 1.50 times the prediction',
    );
    expect(costDrift(records(2, 28, 0))[0].direction).toBe('dearer');
    expect(costDrift(records(28, 2, 0))[0].direction).toBe('cheaper');
  });

  it('is not told of what chance gives, of few, or of what is long past', () => {
    expect(costDrift(records(15, 12, 3))).toEqual([]);
    expect(costDrift(records(0, 0, 14))).toEqual([]);
    expect(costDrift([...records(0, 0, 200), ...records(30, 27, 3)])).toEqual([]);
  });

  it('is told falsely about as seldom as it says', () => {
    let alarms = 0;
    let state = 7; // a linear congruence: the draws are the same on each machine
    const draw = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    for (let run = 0; run < 2_000; run += 1) {
      const drawn = Array.from({ length: 60 }, draw);
      const below = drawn.filter((at) => at < 0.5).length;
      const above = drawn.filter((at) => at >= 0.95).length;
      alarms += costDrift(records(below, 60 - below - above, above)).length / 3;
    }
    // Two tests of 1 in 1,000 each, discrete tails below that: at most some 4 of 2,000.
    expect(alarms).toBeLessThanOrEqual(12);
  });

  it('has no memory: the records of one hour or of a year are one', () => {
    const spread = records(2, 28, 0).map((one, at) => ({
      ...one,
      outcome: { ...one.outcome, startedAtMs: at * HOUR_MS },
    }));
    expect(costDrift(spread)).toEqual(costDrift(records(2, 28, 0)));
  });
});
