// When "the hypervisor does not know of it" is believed: a call whose answer was lost may still be
// on its way, so an absence counts only when it has lasted.
import { performance } from 'node:perf_hooks';
import type { MigrationOrder, Sight } from '../../migration';
import { keyOf } from './orders';

const SETTLE_MS = 5_000;

export class Absence {
  private readonly sinceMs = new Map<string, number>();
  private readonly words = new Map<string, string>();

  constructor(private readonly settleMs = SETTLE_MS) {}

  /** What the hypervisor said to the call; an absence is explained by it. */
  note(order: MigrationOrder, words: string): void {
    this.words.set(keyOf(order), words);
  }

  /** It was not found just now. */
  sight(order: MigrationOrder, detail: string): Sight {
    const key = keyOf(order);
    const nowMs = performance.now();
    const sinceMs = this.sinceMs.get(key) ?? nowMs;
    this.sinceMs.set(key, sinceMs);
    const words = this.words.get(key);
    const whole = words === undefined ? detail : `${detail}; it had answered: ${words}`;
    return { state: nowMs - sinceMs < this.settleMs ? 'unknown' : 'none', detail: whole };
  }

  found(order: MigrationOrder): void {
    this.sinceMs.delete(keyOf(order));
  }
}
