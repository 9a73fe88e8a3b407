// Rules of thumb, one row and one lead at a time: the oracle.
import { seriesRow } from './series-row';
import {
  checkRuleRows,
  leadBlocks,
  residualTargets,
  RULE_JUDGED,
  RULE_SILENT,
  RULE_UNJUDGED,
  RulesKernels,
  type RuleForecasts,
  type RuleRequest,
  type RuleRows,
} from '../../rules-kernels';
import { residualsOf, sortedQuantile } from './residual-quantiles';
import { fillForward, RULE_OF, type Row } from './rules';

export { fillForward, RULE_OF, type Row, type Rule } from './rules';

export class ReferenceRules extends RulesKernels {
  override forecast(rows: RuleRows, request: RuleRequest): Promise<RuleForecasts> {
    checkRuleRows(rows);
    const { rowCount, end } = rows;
    const { horizon, levels } = request;
    const answer: RuleForecasts = {
      point: new Float64Array(rowCount * horizon),
      mean: new Float64Array(rowCount * horizon),
      quantiles: new Float64Array(rowCount * levels.length * horizon),
      status: new Uint8Array(rowCount).fill(RULE_JUDGED),
    };
    for (let index = 0; index < rowCount; index += 1) {
      const values = seriesRow(rows, index);
      const filled = fillForward(values, end);
      const row: Row = { values, filled, seasonLength: rows.seasonLength };
      if (end === 0 || Number.isNaN(filled[end - 1])) {
        answer.status[index] = RULE_SILENT; // zeros stay
      } else if (!forecastRow(row, end, request, answer, index)) {
        answer.status[index] = RULE_UNJUDGED;
      }
    }
    return Promise.resolve(answer);
  }
}

/** false when there was no residual to take quantiles from: they equal the point then. */
function forecastRow(
  row: Row,
  end: number,
  request: RuleRequest,
  answer: RuleForecasts,
  index: number,
): boolean {
  const { horizon, levels, lower, upper } = request;
  const { seasonLength } = row;
  const ruleOf = RULE_OF[request.rule];
  const targets = residualTargets(end, seasonLength);
  const offsets = new Float64Array(levels.length);
  let judged = true;
  for (const block of leadBlocks(horizon, seasonLength)) {
    const sorted = residualsOf(row, ruleOf, block, targets);
    judged &&= sorted.length > 0;
    let bias = 0;
    for (let at = 0; at < sorted.length; at += 1) bias += sorted[at];
    if (sorted.length > 0) bias /= sorted.length;
    for (let level = 0; level < levels.length; level += 1) {
      offsets[level] = sorted.length > 0 ? sortedQuantile(sorted, levels[level]) : 0;
    }
    for (let lead = block.from; lead <= block.to; lead += 1) {
      const rule = ruleOf(row, end, lead);
      const point = inside(Number.isNaN(rule) ? row.filled[end - 1] : rule, lower, upper);
      const at = index * horizon + lead - 1;
      answer.point[at] = point;
      answer.mean[at] = inside(point + bias, lower, upper);
      for (let level = 0; level < levels.length; level += 1) {
        const to = (index * levels.length + level) * horizon + lead - 1;
        answer.quantiles[to] = inside(point + offsets[level], lower, upper);
      }
    }
  }
  return judged;
}

function inside(value: number, lower: number, upper: number): number {
  return Math.min(upper, Math.max(lower, value));
}
