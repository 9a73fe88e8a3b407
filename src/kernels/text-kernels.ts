// Texts of many rows from one pattern: literals with the rows' own numbers and words between them.

/** (count) texts in one piece of bytes: text i is bytes [offsets[i], offsets[i + 1]). */
export interface TextColumn {
  readonly bytes: Uint8Array;
  /** (count + 1) */
  readonly offsets: Uint32Array;
}

export type TextPart =
  | { readonly literal: string }
  /** figures[row][column] x times / over, rounded half away from zero, as JavaScript prints it. */
  | {
      readonly column: number;
      readonly digits: number;
      readonly times?: number;
      readonly over?: number;
    }
  /** The row's text of a column of texts. */
  | { readonly text: number }
  /** The word of a list that the row's code chooses. */
  | { readonly words: number; readonly code: number };

export interface TextRows {
  readonly rowCount: number;
  /** (rowCount, width): the numbers; those that are printed must be finite. */
  readonly figures: Float64Array;
  readonly width: number;
  /** (rowCount): index of each row's pattern; -1 = an empty text. */
  readonly patternOf: Int32Array;
  /** Columns of (rowCount) texts. */
  readonly texts: readonly TextColumn[];
  /** Columns of (rowCount) codes. */
  readonly codes: readonly Int32Array[];
  /** Lists of words that codes choose from. */
  readonly words: readonly TextColumn[];
}

/** Every backend gives the same bytes. */
export abstract class TextKernels {
  /** O(bytes). Throws RangeError when all texts together pass 4 GiB. */
  abstract write(patterns: readonly (readonly TextPart[])[], rows: TextRows): Promise<TextColumn>;

  /**
   * (rows, 32) hex digits: the first half of SHA-256 over `prefix`, the row's text, and its number,
   * each ended by U+001F (core's hashId).
   */
  abstract hashIds(
    prefix: readonly string[],
    texts: TextColumn,
    numbers: Int32Array,
  ): Promise<TextColumn>;
}

/** O(bytes). */
export function textColumn(texts: readonly string[]): TextColumn {
  const encoder = new TextEncoder();
  const offsets = new Uint32Array(texts.length + 1);
  let bytes = new Uint8Array(32 * texts.length + 256);
  let end = 0;
  texts.forEach((text, row) => {
    if (bytes.length - end < 3 * text.length) {
      const larger = new Uint8Array(2 * bytes.length + 3 * text.length);
      larger.set(bytes);
      bytes = larger;
    }
    end += encoder.encodeInto(text, bytes.subarray(end)).written;
    offsets[row + 1] = end;
  });
  return { bytes: bytes.subarray(0, end), offsets };
}

/** Text `row` as a string. */
export function textOf({ bytes, offsets }: TextColumn, row: number): string {
  const view = bytes.subarray(offsets[row], offsets[row + 1]);
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('utf8');
}
