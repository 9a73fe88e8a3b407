import fc from 'fast-check';
import { judgeOutcome, outcomeOf, outcomeSchema, type Outcome } from '../../../src/migration';
import { CLAIM, OUTCOME } from './outcome-cases';

const NOW = 1_200_000;
const judge = (change: Partial<Outcome>, window: typeof CLAIM | undefined = CLAIM) =>
  judgeOutcome({ ...OUTCOME, ...change }, window, NOW);

describe('what an outcome is worth', () => {
  it('is learned from when it completed inside its window, in the units of the contract', () => {
    expect(judge({})).toEqual({ flags: [], unknown: [], learned: true, notes: [] });
  });

  it('has an unknown downtime where none is told, or 0, never a pause of 0', () => {
    const { id: _, ...said } = OUTCOME;
    for (const downtimeMs of [undefined, null, 0]) {
      const outcome = outcomeOf('north', outcomeSchema.parse({ ...said, downtimeMs }));
      expect('downtimeMs' in outcome).toBe(false);
      const judged = judgeOutcome(outcome, CLAIM, NOW);
      expect(judged).toMatchObject({ unknown: ['downtimeMs'], notes: ['downtimeMs is unknown'] });
    }
  });

  it('finds every mistake of units by 1,000 or more where the prediction is right within 3', () => {
    const near = fc.double({ min: 1 / 3, max: 3, noNaN: true });
    const measures = fc.constantFrom('totalTimeMs', 'downtimeMs', 'bytesSent' as const);
    const unit = fc.constantFrom(1_000, 1_024, 1_048_576, 1 / 1_000, 1 / 1_024, 1 / 1_048_576);
    fc.assert(
      fc.property(near, measures, unit, (factor, name, wrong) => {
        const measure = name as keyof typeof CLAIM.cost &
          ('totalTimeMs' | 'downtimeMs' | 'bytesSent');
        const right = CLAIM.cost[measure].p50 * factor;
        expect(judge({ [measure]: right }).flags).toEqual([]);
        const judged = judge({ [measure]: right * wrong });
        expect(judged).toMatchObject({ flags: ['unit-error'], learned: false });
        expect(judged.notes[0]).toContain(measure);
      }),
    );
  });

  it('takes what is 100 times off for real: migrations surprise', () => {
    for (const times of [100, 1 / 100]) {
      expect(judge({ downtimeMs: CLAIM.cost.downtimeMs.p50 * times }).flags).toEqual([]);
    }
  });

  it('keeps one for an unknown window and one outside of its window, says so, and learns nothing', () => {
    const unknown = judgeOutcome(OUTCOME, undefined, NOW);
    expect(unknown).toMatchObject({ flags: ['window-unknown'], learned: false });
    expect(unknown.notes[0]).toContain("window 1 of 'w1' of VM 'v' is unknown");
    const late = judge({ startedAtMs: CLAIM.latestStartMs + 300_001, endedAtMs: undefined });
    expect(late.flags).toEqual(['outside-window', 'clock']);
    expect(judge({ endedAtMs: OUTCOME.startedAtMs - 1 }).flags).toEqual(['clock']);
  });

  it('learns no cost from what did not complete', () => {
    const failed = judge({ status: 'failed', cause: 'destination', downtimeMs: undefined });
    expect(failed).toMatchObject({ flags: ['not-completed'], unknown: [], learned: false });
  });
});
