// Texts from a pattern, one string at a time: the oracle.
import { hashId, roundTo } from '../../../core';
import {
  TextKernels,
  textColumn,
  textOf,
  type TextColumn,
  type TextPart,
  type TextRows,
} from '../../text-kernels';

export class ReferenceText extends TextKernels {
  override write(patterns: readonly (readonly TextPart[])[], rows: TextRows): Promise<TextColumn> {
    const texts = Array.from({ length: rows.rowCount }, (_, row) => {
      const pattern = patterns[rows.patternOf[row]] ?? [];
      return pattern.map((part) => partOf(part, rows, row)).join('');
    });
    return Promise.resolve(textColumn(texts));
  }

  override hashIds(
    prefix: readonly string[],
    texts: TextColumn,
    numbers: Int32Array,
  ): Promise<TextColumn> {
    const ids = Array.from(numbers, (number, row) => hashId(...prefix, textOf(texts, row), number));
    return Promise.resolve(textColumn(ids));
  }
}

function partOf(part: TextPart, rows: TextRows, row: number): string {
  if ('literal' in part) return part.literal;
  if ('text' in part) return textOf(rows.texts[part.text], row);
  if ('words' in part) return textOf(rows.words[part.words], rows.codes[part.code][row]);
  const value = rows.figures[row * rows.width + part.column];
  return String(roundTo((value * (part.times ?? 1)) / (part.over ?? 1), part.digits));
}
