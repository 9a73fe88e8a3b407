// Sine and cosine of day and week for every column of a batch: one table of a week, since a week repeats.
const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;
const HOURS_PER_DAY = 24;

/** Numbers for one column: sine and cosine of the day, then of the week. */
export const WAVES = 4;

export class WeekWaves {
  private readonly table: Float32Array;

  /** `startMs`: of column 0. O(columns of a week). */
  constructor({ startMs, stepMs }: { readonly startMs: number; readonly stepMs: number }) {
    const columns = WEEK_MS / stepMs;
    this.table = new Float32Array(WAVES * columns);
    for (let column = 0; column < columns; column += 1) {
      const day = (2 * Math.PI * ((startMs + column * stepMs) / HOUR_MS)) / HOURS_PER_DAY;
      const own = [Math.sin(day), Math.cos(day), Math.sin(day / 7), Math.cos(day / 7)];
      this.table.set(own, WAVES * column);
    }
  }

  /** Also of columns before the first. */
  write(column: number, out: Float32Array, at: number): void {
    const { length } = this.table;
    let from = (WAVES * column) % length;
    if (from < 0) from += length;
    for (let one = 0; one < WAVES; one += 1) out[at + one] = this.table[from + one];
  }
}
