// A backtest for people: one table per block of leads.
import type { BlockScores, ModelReport } from '../../predict';

/** VMs by whether the model beats their own median beyond the error of the difference. */
export interface StructureReport {
  readonly model: string;
  readonly structured: number;
  readonly without: number;
  readonly unjudged: number;
}

interface Report {
  readonly actuals: string;
  readonly series: number;
  readonly origins: number;
  readonly seconds: number;
  readonly models: Readonly<Record<string, ModelReport>>;
  readonly structure?: StructureReport;
}

const COLUMNS: readonly (readonly [string, string, number])[] = [
  ['MAE', 'mae', 3],
  ['RMSE', 'rmse', 2],
  ['sMAPE', 'smape', 1],
  ['MASE', 'mase', 3],
  ['rel', 'rel', 3],
  ['beats naive', 'beats_naive', 2],
  ['beats s-naive', 'beats_seasonal_naive', 2],
  ['pinball', 'pinball', 3],
  ['cover 90', 'cover90', 3],
  ['MSIS 90', 'msis90', 2],
  ['OWA', 'owa', 3],
];
const NAME_WIDTH = 26;

export function backtestTable(report: Report): string {
  const models = Object.entries(report.models);
  const blocks = models.length === 0 ? [] : Object.keys(models[0][1].blocks);
  let text = `${report.actuals}: ${report.series} series, ${report.origins} origins\n`;
  for (const block of blocks.filter((name) => name !== 'all')) {
    const used = COLUMNS.filter(([, key]) =>
      models.some(([, one]) => typeof one.blocks[block][key] === 'number'),
    );
    text += `\n${`steps ${block}`.padEnd(NAME_WIDTH)}${used.map(([head]) => cell(head, head)).join('')}\n`;
    for (const [name, one] of models) {
      const cells = used.map(([head, key, digits]) =>
        cell(head, shown(one.blocks[block], key, digits)),
      );
      text += `${name.padEnd(NAME_WIDTH)}${cells.join('')}\n`;
    }
  }
  text += `\n${'seconds'.padEnd(NAME_WIDTH)}   train  predict\n`;
  for (const [name, { seconds }] of models) {
    if (name.endsWith('-mean')) continue;
    const [train, predict] = [seconds.train, seconds.predict].map((value) => value.toFixed(2));
    text += `${name.padEnd(NAME_WIDTH)}${train.padStart(8)}${predict.padStart(9)}\n`;
  }
  if (report.structure !== undefined && report.structure.unjudged < report.series) {
    const { model, structured, without, unjudged } = report.structure;
    text += `structure by ${model}: ${structured} VMs; ${without} without; ${unjudged} not judged\n`;
  }
  return `${text}${'in all'.padEnd(NAME_WIDTH)}${report.seconds.toFixed(2).padStart(8)}\n`;
}

function cell(head: string, value: string): string {
  return value.padStart(Math.max(head.length, 7) + 2);
}

function shown(scores: BlockScores, key: string, digits: number): string {
  const value = scores[key];
  return typeof value === 'number' ? value.toFixed(digits) : '-';
}
