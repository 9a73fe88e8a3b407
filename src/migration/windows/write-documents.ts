// A shard's documents in one piece of bytes: patterns for what the night chose, objects for decisions.
import { DAY_MS } from '../../core';
import {
  COPY_MODES,
  DAY_WIDTH,
  FIGURE,
  NO_MODE,
  rankWidth,
  textColumn,
  textOf,
  WINDOW_WIDTH,
  type Kernels,
  type TextRows,
} from '../../kernels';
import type { Run } from '../../predict';
import { DIRTY_SOURCES } from '../cost/corrections';
import type { CostSettings } from '../cost/cost-settings';
import type { DocumentBatch, VmPolicy } from '../window-store';
import {
  candidatesAt,
  isClosed,
  CONVERGES_MIN,
  sizeAt,
  sourceAt,
  type CandidateColumns,
  type VmCandidates,
} from './candidate-table';
import { decide } from './decide';
import { convergesCode, PATTERN_AFTER, patternsOf } from './document-pattern';
import { assumptions } from './rank-windows';
import { windowDocumentOf } from './window-document';

/** What is closed to migration is written as decided documents are: it has words of its own. */
const AUTO: VmPolicy = { state: 'auto' };

export interface WrittenDocuments {
  readonly batch: DocumentBatch;
  readonly windows: number;
  readonly vmsWithWindows: number;
}

/**
 * `decided`: what operators decided, by row; sparse. `revisions`: (rowCount) of the new documents.
 * The bytes are those of `windowDocumentOf`. O(bytes); objects only for decided VMs.
 */
export async function writeDocuments(
  run: Run,
  table: CandidateColumns,
  decided: ReadonlyMap<number, VmPolicy>,
  revisions: Int32Array,
  settings: CostSettings,
  { text }: Pick<Kernels, 'text'>,
): Promise<WrittenDocuments> {
  const { rowCount, counts, modes, windowsMax } = table;
  const given: string[] = Array.from({ length: rowCount }, () => '');
  const patternOf = new Int32Array(rowCount);
  let windows = 0;
  let vmsWithWindows = 0;
  for (let row = 0; row < rowCount; row += 1) {
    const policy = decided.get(row) ?? (isClosed(table, row) ? AUTO : undefined);
    let count = Math.max(0, counts[row]);
    if (policy !== undefined) {
      const vm = candidatesAt(table, row, settings);
      const { document, windowCount } = decidedDocument(run, vm, policy, revisions[row]);
      given[row] = document;
      count = windowCount;
      patternOf[row] = windowsMax + PATTERN_AFTER.given;
    } else if (counts[row] < 0) patternOf[row] = windowsMax + PATTERN_AFTER.abstained;
    else if (modes[row] === NO_MODE) patternOf[row] = windowsMax + PATTERN_AFTER.tooLong;
    else patternOf[row] = counts[row];
    windows += count;
    if (count > 0) vmsWithWindows += 1;
  }
  const ids = await text.hashIds([run.tenantId, run.runDate], table.vmId, revisions);
  const texts = await text.write(patternsOf(run, windowsMax), {
    rowCount,
    figures: table.figures,
    width: rankWidth(windowsMax),
    patternOf,
    texts: [table.vmId, ids, textColumn(given)],
    ...wordsOf(table, revisions, settings),
  });
  const batch = { count: rowCount, vmIds: table.vmId, ids, revisions, texts };
  return { batch, windows, vmsWithWindows };
}

/** In the order of CODES and WORDS. */
function wordsOf(
  table: CandidateColumns,
  revisions: Int32Array,
  settings: CostSettings,
): Pick<TextRows, 'codes' | 'words'> {
  const { rowCount, counts, figures, windowsMax } = table;
  const notes = new WordList<string>();
  const reasons = new WordList<string>();
  const numbers = new WordList<number>();
  const noteOf = new Int32Array(rowCount);
  const reasonOf = new Int32Array(rowCount);
  const revisionOf = new Int32Array(rowCount);
  const jsonOfNotes = (row: number): string =>
    JSON.stringify(assumptions(sizeAt(table, row), sourceAt(table, row), settings)).slice(1, -1);
  for (let row = 0; row < rowCount; row += 1) {
    const { depth, migrations, lastMs } = sourceAt(table, row);
    const source = depth === 0 ? '' : `${depth}|${migrations}|${lastMs}`;
    const known = `${table.vcpus[row]}|${table.memoryBytes[row]}|${source}`;
    noteOf[row] = notes.code(known, () => jsonOfNotes(row));
    if (counts[row] < 0) {
      const reason = textOf(table.reason, row);
      reasonOf[row] = reasons.code(reason, () => JSON.stringify(reason));
    }
    revisionOf[row] = numbers.code(revisions[row], () => String(revisions[row]));
  }
  const width = rankWidth(windowsMax);
  const converges = (from: number): Int32Array =>
    Int32Array.from({ length: rowCount }, (_, row) =>
      figures[row * width + from + FIGURE.successProb] >= CONVERGES_MIN ? 1 : 0,
    );
  const codes = [
    table.fiveMinuteModel,
    table.hourlyModel,
    table.modes,
    noteOf,
    reasonOf,
    revisionOf,
    table.costDepth,
    converges(0),
  ];
  for (let index = 0; index < windowsMax; index += 1)
    codes[convergesCode(index)] = converges(DAY_WIDTH + index * WINDOW_WIDTH);
  const quoted = (all: readonly string[]) => textColumn(all.map((one) => JSON.stringify(one)));
  const words = [
    quoted(table.models),
    quoted([...COPY_MODES, 'do-not-migrate']),
    notes.column(),
    reasons.column(),
    numbers.column(),
    textColumn(['false', 'true']),
    quoted(DIRTY_SOURCES),
  ];
  return { codes, words };
}

/** Words in the order in which they were first needed. */
class WordList<K> {
  private readonly words: string[] = [];
  private readonly codes = new Map<K, number>();

  code(key: K, word: () => string): number {
    let code = this.codes.get(key);
    if (code === undefined) {
      code = this.words.push(word()) - 1;
      this.codes.set(key, code);
    }
    return code;
  }

  column() {
    return textColumn(this.words);
  }
}

function decidedDocument(
  run: Run,
  vm: VmCandidates,
  policy: VmPolicy,
  revision: number,
): { readonly document: string; readonly windowCount: number } {
  const { cutoffMs } = run.plan;
  const day = vm.ranked?.day;
  const decided = decide(policy, {
    windows: vm.ranked?.windows ?? [],
    reason: vm.reason,
    day,
    cutoffMs,
    expiresMs: cutoffMs + DAY_MS,
  });
  const document = windowDocumentOf({
    tenant: run.tenantId,
    runDate: run.runDate,
    vmId: vm.vmId,
    revision,
    cutoffMs,
    models: vm.models,
    day,
    ...decided,
  });
  return { document: document.text, windowCount: decided.windows.length };
}
