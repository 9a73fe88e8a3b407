// The gate of promotion: a challenger against the champion, on the same nights.
import { roundTo } from '../../core';
import { BASELINE_NAMES, type ModelErrors } from './measure-models';
import type { VersionErrors } from './measured-versions';
import { ERROR_DIGITS } from './model-metrics';
import { lossRatio, sumsOf } from './summarise-errors';

/** What the gate measured and decided; kept with the move. */
export interface GateVerdict {
  readonly open: boolean;
  /** A sentence for each condition that failed; empty where the gate is open. */
  readonly reasons: readonly string[];
  /** The champion's id, or the best baseline where there is no champion that can be measured. */
  readonly against: string;
  /** Why the champion was not measured. */
  readonly championUnusable?: string;
  readonly firstOriginMs: number;
  readonly origins: number;
  readonly vms: number;
  /** Pinball loss over a day against the other's: half the typical VM, half the points lost. */
  readonly ratio: number;
  readonly blocks: readonly {
    readonly from: number;
    readonly to: number;
    readonly ratio: number;
  }[];
}

/**
 * Another seed alone moves the loss of a booster by -1.3 to 0.6 % on rnd293 (docs/decisions/0015): a version
 * that is as good has learned newer data, and is taken.
 */
export const RATIO_MAX = 1.01;
/** Of one block of leads: there another seed moves it by up to 2.4 %. */
export const BLOCK_RATIO_MAX = 1.03;

/** `errors` hold the challenger and, where it can be measured, the champion under their ids. */
export function gateVerdict(
  { errors, unusable }: VersionErrors,
  challenger: string,
  championId: string | undefined,
): GateVerdict {
  const championUnusable = unusable.get(championId ?? '');
  const champion = championUnusable === undefined ? championId : undefined;
  const against = champion ?? bestBaseline(errors);
  const [own, other] = [sumsOf(errors, challenger), sumsOf(errors, against)];
  const ratio = lossRatio(errors, own, other);
  const blocks = errors.blocks.map(({ from, to }, block) => ({
    from,
    to,
    ratio: lossRatio(errors, own, other, { block }),
  }));
  const reasons: string[] = [];
  const better = champion === undefined ? ratio < 1 : ratio <= RATIO_MAX;
  if (!better)
    reasons.push(`its loss over a day is ${ratio.toFixed(3)} times that of '${against}'`);
  // A baseline may rule the first hour: members are chosen by block, so only a champion is defended there.
  for (const block of champion === undefined ? [] : blocks) {
    if (block.ratio <= BLOCK_RATIO_MAX) continue;
    const leads = `${block.from} to ${block.to}`;
    reasons.push(
      `its loss at leads ${leads} is ${block.ratio.toFixed(3)} times that of '${against}'`,
    );
  }
  return {
    open: reasons.length === 0,
    reasons,
    against,
    ...(championUnusable !== undefined && { championUnusable }),
    firstOriginMs: errors.origins[0],
    origins: errors.origins.length,
    vms: errors.seriesCount,
    ratio: roundTo(ratio, ERROR_DIGITS),
    blocks: blocks.map((block) => ({ ...block, ratio: roundTo(block.ratio, ERROR_DIGITS) })),
  };
}

/** The baseline with the smallest loss; the first of equals. */
function bestBaseline(errors: ModelErrors): string {
  const [first, ...others] = BASELINE_NAMES.map((name) => sumsOf(errors, name));
  return others.reduce((best, one) => (lossRatio(errors, one, best) < 1 ? one : best), first).model;
}
