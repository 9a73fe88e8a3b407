// Texts of many rows in the addon.
import { ReferenceText } from '../reference/text';
import {
  TextKernels,
  textColumn,
  type TextColumn,
  type TextPart,
  type TextRows,
} from '../text-kernels';
import type { AddonArgument, AddonCaller } from './addon';

const COLUMNS_MAX = 16; // SW_COLUMNS_MAX
const NUMBER_BYTES = 24; // sign, 15 digits, and point, with room
const BEYOND = -2;
const HEX = 32;

export class NativeText extends TextKernels {
  private readonly reference = new ReferenceText();

  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async write(
    patterns: readonly (readonly TextPart[])[],
    rows: TextRows,
  ): Promise<TextColumn> {
    const { rowCount, figures, width, patternOf, texts, codes, words } = rows;
    if (rowCount === 0) return textColumn([]);
    if (Math.max(texts.length, codes.length, words.length) > COLUMNS_MAX) {
      throw new RangeError(`more than ${COLUMNS_MAX} columns of texts, codes, or words`);
    }
    const { parts, patternEnds, literals } = encode(patterns);
    const bytes = new Uint8Array(room(patterns, rows));
    const offsets = new Uint32Array(rowCount + 1);
    const code = await this.caller.call('text.fill', {
      rows: rowCount,
      width,
      figures,
      patternOf,
      parts,
      patternEnds,
      ...columns('literals', [literals]),
      ...columns('texts', texts),
      ...columns('words', words),
      ...Object.fromEntries(codes.map((column, at) => [`codes${at}`, column])),
      bytes,
      offsets,
    });
    if (code === BEYOND) return this.reference.write(patterns, rows); // a number beyond 1e15
    return { bytes: bytes.subarray(0, offsets[rowCount]), offsets };
  }

  override async hashIds(
    prefix: readonly string[],
    texts: TextColumn,
    numbers: Int32Array,
  ): Promise<TextColumn> {
    const rows = numbers.length;
    const hex = new Uint8Array(HEX * rows);
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, row) => HEX * row);
    if (rows === 0) return { bytes: hex, offsets };
    const head = textColumn(prefix.map((part) => `${part}\u001f`)).bytes;
    await this.caller.call('text.hashIds', {
      prefix: head,
      ...columns('texts', [texts]),
      numbers,
      rows,
      hex,
    });
    return { bytes: hex, offsets };
  }
}

function columns(name: string, all: readonly TextColumn[]): Record<string, AddonArgument> {
  return Object.fromEntries(
    all.flatMap(({ bytes, offsets }, at) => [
      [`${name}${at}`, bytes],
      [`${name}Offsets${at}`, offsets],
    ]),
  );
}

/** Five numbers for each part; see SW_PART_WIDTH. */
function encode(patterns: readonly (readonly TextPart[])[]) {
  const literals: string[] = [];
  const numbers: number[] = [];
  const ends: number[] = [];
  for (const pattern of patterns) {
    for (const part of pattern) {
      if ('literal' in part) numbers.push(0, literals.push(part.literal) - 1, 0, 0, 0);
      else if ('text' in part) numbers.push(2, part.text, 0, 0, 0);
      else if ('words' in part) numbers.push(3, part.words, part.code, 0, 0);
      else numbers.push(1, part.column, part.digits, part.times ?? 1, part.over ?? 1);
    }
    ends.push(numbers.length / 5);
  }
  return {
    parts: Float64Array.from(numbers),
    patternEnds: Int32Array.from(ends),
    literals: textColumn(literals),
  };
}

/** Bytes that all rows together need at most. */
function room(patterns: readonly (readonly TextPart[])[], rows: TextRows): number {
  const longest = rows.words.map(({ offsets }) => {
    let most = 0;
    for (let at = 1; at < offsets.length; at += 1)
      most = Math.max(most, offsets[at] - offsets[at - 1]);
    return most;
  });
  const uses = rows.texts.map((_, text) =>
    Math.max(0, ...patterns.map((p) => p.filter((one) => 'text' in one && one.text === text).length)),
  );
  const own = patterns.map((pattern) =>
    pattern.reduce((sum, part) => {
      if ('literal' in part) return sum + Buffer.byteLength(part.literal);
      if ('words' in part) return sum + longest[part.words];
      return 'text' in part ? sum : sum + NUMBER_BYTES;
    }, 0),
  );
  let total = 0;
  for (const pattern of rows.patternOf) total += pattern < 0 ? 0 : own[pattern];
  rows.texts.forEach((column, text) => (total += uses[text] * column.bytes.length));
  if (total >= 2 ** 32) throw new RangeError(`${total} bytes of text in one batch`);
  return total;
}
