// The ensemble of a backtest: at each origin, weights from the nights that were over by then.
import {
  averageNights,
  choiceBlocks,
  chooseMembers,
  combineForecasts,
  fleetLosses,
  nightLosses,
  type ForecastBatch,
  type JudgedNight,
} from '../../models';
import { allLevels, type MemberForecasts, type MemberRequest } from './forecast-member';
import { historyAt, knownLength } from './origins';

/** By origin. `members` were calibrated, and cover the same origins. */
export function combineMembers(
  members: readonly MemberForecasts[],
  request: MemberRequest,
): readonly ForecastBatch[] {
  const { panel, origins, horizon, stepsPerDay } = request;
  const blocks = choiceBlocks(horizon, stepsPerDay);
  const about = {
    members: members.map((one) => one.model),
    blocks,
    levels: allLevels(request.levels),
    seriesCount: panel.ids.length,
  };
  return Array.from({ length: origins.count }, (_, origin) => {
    const history = historyAt(panel, origins, origin);
    const sinceFirst = (history.length - knownLength(origins, 0)) / stepsPerDay;
    const judged: JudgedNight[] = (members[0]?.nights ?? []).map((__, night) => ({
      age: night + 1 + sinceFirst,
      losses: members.map((one) => one.nights[night]),
    }));
    for (let past = 0; past < origin; past += 1) {
      const stepsBack = history.length - knownLength(origins, past);
      const losses = members.map((one) =>
        nightLosses(history, stepsBack, one.forecasts[past], blocks),
      );
      judged.push({ age: stepsBack / stepsPerDay, losses });
    }
    const losses = averageNights(judged, about);
    const choice = chooseMembers(losses, fleetLosses(losses));
    return combineForecasts(
      choice,
      members.map((one) => one.forecasts[origin]),
    );
  });
}
