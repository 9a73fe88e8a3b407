// Scores in units of each row's scale become quantiles that do not cross, a point, and a mean: the oracle.
import { quantileAt } from '../../../core';
import type { ScaledOutputs, ScaledTargets } from '../../features-kernels';

/** O(rows x levels). */
export function placeScores(outputs: ScaledOutputs, targets: ScaledTargets): void {
  const { scores, levels, centre, scale, horizon, lower, upper, wanted, meanShares } = outputs;
  const rowCount = centre.length;
  const own = new Float64Array(levels.length);
  for (let row = 0; row < rowCount; row += 1) {
    const series = targets.first + Math.floor(row / horizon);
    const lead = row % horizon;
    for (let level = 0; level < own.length; level += 1) {
      const value = centre[row] + scores[level * rowCount + row] * scale[row];
      own[level] = Math.min(upper, Math.max(lower, value));
    }
    own.sort();
    targets.point[series * horizon + lead] = quantileAt(0.5, levels, own);
    let mean = 0;
    for (const [level, share] of meanShares) mean += share * quantileAt(level, levels, own);
    targets.mean[series * horizon + lead] = mean;
    for (let level = 0; level < wanted.length; level += 1) {
      const to = (series * wanted.length + level) * horizon + lead;
      targets.quantiles[to] = quantileAt(wanted[level], levels, own);
    }
  }
}
