// What an outcome is worth: flags that say why nothing is learned from it, in words for its sender.
import { hashId, MINUTE_MS, type EpochMs } from '../../core';
import type { RankedWindow } from '../windows/window-schema';
import { MEASURES, type Measure, type Outcome, type outcomeSchema } from './outcome-schema';
import type { z } from 'zod';

export const OUTCOME_FLAGS = [
  'window-unknown',
  'outside-window',
  'clock',
  'unit-error',
  'not-completed',
] as const;
export type OutcomeFlag = (typeof OUTCOME_FLAGS)[number];

/** The window under which it was started, as far as it is known. */
export interface JudgedWindow {
  readonly notBeforeMs: EpochMs;
  readonly latestStartMs: EpochMs;
  readonly cost: RankedWindow['cost'];
  /** Forecast mean load in it, percent of the allotment; absent = unknown. */
  readonly loadPct?: number;
  /** As advised. */
  readonly mode?: RankedWindow['advice']['mode'];
}

export interface Judgement {
  readonly flags: readonly OutcomeFlag[];
  /** Measures that a completed migration has and this outcome does not tell. */
  readonly unknown: readonly Measure[];
  /** Whether the cost model may learn from it. */
  readonly learned: boolean;
  readonly notes: readonly string[];
}

/**
 * A unit that is wrong by 1,000 (ms for s, KiB for bytes) lies at least 316 times off a prediction
 * that is right within a factor 3.16; nothing real lies that far off the median.
 */
export const UNIT_ERROR_FACTOR = 1_000 / Math.sqrt(10);

/** Clocks of executors and service may differ by so much; also the bound of `execute`. */
export const CLOCK_SKEW_MS_MAX = 5 * MINUTE_MS;

/** Below these a prediction says nothing about units: 1 ms, one page. */
const FLOOR: Readonly<Record<Measure, number>> = {
  totalTimeMs: 1,
  downtimeMs: 1,
  bytesSent: 4_096,
};

/** `null` and measures of 0 become absent; the id follows from window, rank, and start if need be. */
export function outcomeOf(tenantId: string, said: z.output<typeof outcomeSchema>): Outcome {
  const { totalTimeMs, downtimeMs, bytesSent, endedAtMs, rounds, ...rest } = said;
  const { vmId, windowId, rank, startedAtMs } = said;
  return {
    ...rest,
    id: said.id ?? hashId(tenantId, vmId, windowId, rank, startedAtMs),
    ...(typeof endedAtMs === 'number' && { endedAtMs }),
    ...(typeof rounds === 'number' && { rounds }),
    ...(totalTimeMs && { totalTimeMs }),
    ...(downtimeMs && { downtimeMs }),
    ...(bytesSent && { bytesSent }),
  };
}

export function judgeOutcome(
  outcome: Outcome,
  window: JudgedWindow | undefined,
  nowMs: EpochMs,
): Judgement {
  const flags: OutcomeFlag[] = [];
  const notes: string[] = [];
  const say = (flag: OutcomeFlag, note: string): void => {
    if (!flags.includes(flag)) flags.push(flag);
    notes.push(note);
  };
  const { windowId, rank, vmId, status, startedAtMs, endedAtMs } = outcome;
  const completed = status === 'completed';
  if (!completed) say('not-completed', `the migration is ${status}: no cost is learned from it`);
  if (window === undefined) {
    say(
      'window-unknown',
      `window ${rank} of '${windowId}' of VM '${vmId}' is unknown: kept, not learned from; claim a window before its migration`,
    );
  } else if (
    startedAtMs < window.notBeforeMs - CLOCK_SKEW_MS_MAX ||
    startedAtMs > window.latestStartMs + CLOCK_SKEW_MS_MAX
  ) {
    say(
      'outside-window',
      `started at ${startedAtMs}, outside of ${window.notBeforeMs} to ${window.latestStartMs}: kept, not learned from; start inside the window`,
    );
  }
  if (startedAtMs > nowMs + CLOCK_SKEW_MS_MAX || (endedAtMs ?? startedAtMs) < startedAtMs) {
    say('clock', `startedAtMs ${startedAtMs} is after its end or after now: check the clock`);
  }
  const unknown = completed ? MEASURES.filter((name) => outcome[name] === undefined) : [];
  notes.push(...unknown.map((name) => `${name} is unknown`));
  if (window !== undefined) {
    for (const name of MEASURES) {
      const ratio = offBy(outcome[name], window.cost[name].p50, FLOOR[name]);
      if (ratio === undefined) continue;
      say(
        'unit-error',
        `${name} ${outcome[name]} is ${ratio} the predicted ${window.cost[name].p50}: taken as an error of units`,
      );
    }
  }
  return { flags, unknown, learned: flags.length === 0, notes };
}

/** "1000 times" or "1/1000 of" where value and prediction cannot be in one unit. */
function offBy(value: number | undefined, predicted: number, floor: number): string | undefined {
  if (value === undefined) return undefined;
  const ratio = value / Math.max(predicted, floor);
  if (ratio >= UNIT_ERROR_FACTOR) return `${Math.round(ratio)} times`;
  if (predicted > floor && ratio <= 1 / UNIT_ERROR_FACTOR) {
    return `1/${Math.round(1 / ratio)} of`;
  }
  return undefined;
}
