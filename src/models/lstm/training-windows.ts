// The windows that the LSTM learns from: seeded origins of every series, and what followed them.
import { crc32c, hash32, seriesAt, uniform } from '../../core';
import { profileOf, RowFeatures, type LstmWindows, type SeriesProfile } from '../../kernels';
import type { TrainingSource } from '../training-source';
import { fillWindow, STEPS, WINDOW_SIZE } from './window-inputs';
import { WeekWaves } from './week-waves';

export interface Windows {
  readonly windows: LstmWindows;
  /** (N, horizon): (y - centre) / scale, clipped; NaN = not known. */
  readonly targets: Float32Array;
}

export interface WindowRequest {
  readonly stepsPerDay: number;
  readonly horizon: number;
  readonly seed: number;
}

const KNOWN_DAYS = 3; // of a series before an origin
const HELD_OUT_DAYS = 2; // the last days' origins measure, they do not teach
const HELD_OUT_SHARE = 0.2; // at most, of a short history
const RATIO_MAX = 16; // scales: a VM that wakes after a week of zeros is no lesson in how far to jump
const HELD_OUT_SEED = 0x5eed;

interface Row {
  readonly values: Float64Array;
  readonly profile: SeriesProfile;
  readonly features: RowFeatures;
  readonly waves: WeekWaves;
  /** Origins that may teach: [first, heldOut); that may measure: [heldOut, end). */
  readonly first: number;
  readonly heldOut: number;
  readonly end: number;
}

/** Draws windows of some fleets by number; number n of a seed is always the same. O(cells) to make. */
export class WindowDraws {
  private readonly rows: readonly Row[];

  constructor(
    sources: readonly TrainingSource[],
    private readonly request: WindowRequest,
  ) {
    this.rows = sources.flatMap((source) => rowsOf(source, request.stepsPerDay));
  }

  /** Series with at least one origin to learn from. */
  get seriesCount(): number {
    return this.rows.length;
  }

  /** Equal for equal data and request. O(cells). */
  fingerprint(): string {
    let sum = 0;
    for (const { values } of this.rows) {
      sum = crc32c(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), sum);
    }
    return `${sum >>> 0} ${JSON.stringify(this.request)}`;
  }

  /** Windows [from, from + count) of those that teach. O(count (T u + horizon)). */
  lesson(from: number, count: number): Windows {
    const { seed } = this.request;
    return this.draw(count, (n) => {
      const row = this.rows[hash32(seed, from + n) % this.rows.length];
      const span = row.heldOut - row.first;
      return {
        row,
        t: row.first + Math.floor(uniform(seed, from + n, 1) * span),
        until: row.heldOut,
      };
    });
  }

  /** Windows that measure: none of their targets was a lesson. */
  heldOut(count: number): Windows {
    const seed = this.request.seed ^ HELD_OUT_SEED;
    const rows = this.rows.filter((row) => row.heldOut < row.end);
    return this.draw(rows.length === 0 ? 0 : count, (n) => {
      const row = rows[hash32(seed, n) % rows.length];
      const span = row.end - row.heldOut;
      return { row, t: row.heldOut + Math.floor(uniform(seed, n, 1) * span), until: row.end };
    });
  }

  private draw(
    windowCount: number,
    of: (n: number) => { readonly row: Row; readonly t: number; readonly until: number },
  ): Windows {
    const { horizon } = this.request;
    const inputs = new Float32Array(windowCount * WINDOW_SIZE);
    const targets = new Float32Array(windowCount * horizon);
    for (let n = 0; n < windowCount; n += 1) {
      const { row, t, until } = of(n);
      const { values, features } = row;
      fillWindow(row, t, horizon, inputs, n * WINDOW_SIZE);
      for (let lead = 0; lead < horizon; lead += 1) {
        const at = n * horizon + lead;
        if (t + lead >= until) {
          targets[at] = NaN;
          continue;
        }
        features.place(t, lead);
        const target = (values[t + lead] - features.centre) / features.error;
        targets[at] = Number.isFinite(target)
          ? Math.min(RATIO_MAX, Math.max(-RATIO_MAX, target))
          : NaN;
      }
    }
    return { windows: { inputs, windowCount, stepCount: STEPS }, targets };
  }
}

function rowsOf({ history, end }: TrainingSource, stepsPerDay: number): Row[] {
  const rows: Row[] = [];
  const waves = new WeekWaves(history);
  for (let series = 0; series < history.seriesCount; series += 1) {
    const values = seriesAt(history, series).values.subarray(0, end);
    const profile = profileOf(values, stepsPerDay / 24, stepsPerDay);
    const first = Math.max(stepsPerDay, profile.first + KNOWN_DAYS * stepsPerDay);
    const kept = Math.min(HELD_OUT_DAYS * stepsPerDay, HELD_OUT_SHARE * (end - first));
    const heldOut = Math.floor(end - kept);
    if (first >= heldOut) continue;
    const features = new RowFeatures(profile, 'blend', history);
    rows.push({ values, profile, features, waves, first, heldOut, end });
  }
  return rows;
}
