// Rows for people and for other programs: an aligned table, CSV, or one JSON object as the last line.

export interface Column<T> {
  readonly head: string;
  readonly cell: (row: T) => string;
  /** Numbers stand under each other at the right. */
  readonly right?: boolean;
}

export const OUTPUT_FORMATS = ['table', 'json', 'csv'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export function alignedTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const cells = [columns.map(({ head }) => head), ...rows.map((row) => cellsOf(columns, row))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at].length)));
  const lines = cells.map((line) =>
    line
      .map((text, at) => (columns[at].right ? text.padStart(widths[at]) : text.padEnd(widths[at])))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

/** RFC 4180, heads in the first line. */
export function csvTable<T>(columns: readonly Column<T>[], rows: readonly T[]): string {
  const lines = [columns.map(({ head }) => head), ...rows.map((row) => cellsOf(columns, row))];
  return lines.map((line) => `${line.map(quoted).join(',')}\n`).join('');
}

function cellsOf<T>(columns: readonly Column<T>[], row: T): string[] {
  return columns.map(({ cell }) => cell(row));
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
