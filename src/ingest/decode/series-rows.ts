// Rows of a file of series as columns, and the lines that are none.

/** Consecutive rows of a file; columns of equal length `count`. */
export interface SeriesRows {
  readonly count: number;
  /** Index into `ids` of the whole file so far. */
  readonly series: Uint32Array;
  readonly dsSec: Float64Array;
  readonly y: Float64Array;
  /** Line of each row in the file, 1 = the first row after the header; for quarantine. */
  readonly firstLine: number;
  /** Ids seen so far, in the order of their first row; grows from block to block. */
  readonly ids: readonly string[];
  readonly rejected: readonly RejectedLine[];
}

export interface RejectedLine {
  readonly line: number;
  readonly reason: string;
  readonly head: Uint8Array;
}
