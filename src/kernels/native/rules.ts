// Rules of thumb in the addon: the same bits as the reference, eight rows at a time.
import {
  checkRuleRows,
  decayAt,
  leadBlocks,
  residualTargets,
  RULES,
  RulesKernels,
  type RuleForecasts,
  type RuleRequest,
  type RuleRows,
} from '../rules-kernels';
import type { AddonCaller } from './addon';

export class NativeRules extends RulesKernels {
  constructor(private readonly caller: AddonCaller) {
    super();
  }

  override async forecast(rows: RuleRows, request: RuleRequest): Promise<RuleForecasts> {
    checkRuleRows(rows);
    const { values, rowCount, stride, end, seasonLength } = rows;
    const { horizon, levels, lower, upper } = request;
    const answer: RuleForecasts = {
      point: this.caller.f64(rowCount * horizon),
      mean: this.caller.f64(rowCount * horizon),
      quantiles: this.caller.f64(rowCount * levels.length * horizon),
      status: new Uint8Array(rowCount),
    };
    if (rowCount === 0) return answer;
    const blocks = leadBlocks(horizon, seasonLength);
    await this.caller.call('rules.forecast', {
      values,
      rows: rowCount,
      stride,
      end,
      season: seasonLength,
      rule: RULES.indexOf(request.rule),
      horizon,
      levels: Float64Array.from(levels),
      lower,
      upper,
      blocks: Int32Array.from(blocks.flatMap(({ from, to, lead }) => [from, to, lead])),
      targets: residualTargets(end, seasonLength),
      // powers as JavaScript computes them: another library's differ in the last bit
      decay: Float64Array.from({ length: horizon + 1 }, (_, lead) => decayAt(lead, seasonLength)),
      ...answer,
    });
    return answer;
  }
}
