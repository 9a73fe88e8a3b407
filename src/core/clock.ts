// The only sources of "now": instants for meaning, monotonic milliseconds for durations.
import type { EpochMs } from './time';

export abstract class Clock {
  abstract nowMs(): EpochMs;
  /** Never goes back; only differences mean anything. */
  abstract monotonicMs(): number;
}

export class SystemClock extends Clock {
  override nowMs(): EpochMs {
    return Date.now();
  }

  override monotonicMs(): number {
    return performance.now();
  }
}

/** A clock that stands still until it is moved: tests, replays, and file runs at a given instant. */
export class ManualClock extends Clock {
  constructor(private currentMs: EpochMs) {
    super();
  }

  override nowMs(): EpochMs {
    return this.currentMs;
  }

  override monotonicMs(): number {
    return this.currentMs;
  }

  advance(byMs: number): void {
    this.currentMs += byMs;
  }
}
