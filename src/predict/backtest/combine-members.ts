// The ensemble of a backtest: at each origin, weights and calibration from the nights that were over by then.
import type { SeriesBatch } from '../../core';
import {
  averageNights,
  calibrateForecast,
  choiceBlocks,
  chooseMembers,
  combineForecasts,
  fleetLosses,
  learnNight,
  nightLosses,
  openCalibration,
  type Calibration,
  type ForecastBatch,
  type JudgedNight,
  type MemberLosses,
} from '../../models';
import { allLevels, boundsOf, type MemberForecasts, type MemberRequest } from './forecast-member';
import { historyAt, knownLength } from './origins';

/** Nights that weigh members before the ensemble's own quantiles are judged. */
const NIGHTS_BEFORE_CALIBRATION = 4;

/** By origin. `members` were calibrated, and cover the same origins. */
export function combineMembers(
  members: readonly MemberForecasts[],
  request: MemberRequest,
): readonly ForecastBatch[] {
  return members.length === 0 ? [] : new Combination(members, request).byOrigin();
}

/** One ensemble forecast that is not fully known yet, and how many of its steps were learned. */
interface PastForecast {
  readonly forecast: ForecastBatch;
  /** Column of its first step, counted in the first series. */
  readonly at: number;
  readonly learnedSteps: number;
}

class Combination {
  private readonly about: Pick<MemberLosses, 'members' | 'blocks' | 'levels' | 'seriesCount'>;
  private past: readonly PastForecast[] = [];
  private calibration: Calibration;

  constructor(
    private readonly members: readonly MemberForecasts[],
    private readonly request: MemberRequest,
  ) {
    const { panel, horizon, stepsPerDay } = request;
    this.about = {
      members: members.map((one) => one.model),
      blocks: choiceBlocks(horizon, stepsPerDay),
      levels: allLevels(request.levels),
      seriesCount: panel.ids.length,
    };
    this.calibration = openCalibration(this.about);
  }

  byOrigin(): readonly ForecastBatch[] {
    const { panel, origins } = this.request;
    this.rehearse();
    return Array.from({ length: origins.count }, (_, origin) => {
      const history = historyAt(panel, origins, origin);
      const members = this.members.map((one) => one.forecasts[origin]);
      return this.forecastAt(history, this.nightsBefore(origin, history), members);
    });
  }

  /** The ensemble over the last calibration nights, so that its quantiles have a past. */
  private rehearse(): void {
    const { panel, origins, stepsPerDay } = this.request;
    const nights = this.members[0].nights.length;
    for (let age = nights - NIGHTS_BEFORE_CALIBRATION; age >= 1; age -= 1) {
      const history = historyAt(panel, origins, 0, age * stepsPerDay);
      const judged = this.nightsOfSpan(age, age);
      const forecasts = this.members.map((one) => one.nightForecasts[age - 1]);
      this.forecastAt(history, judged, forecasts);
    }
  }

  private forecastAt(
    history: SeriesBatch,
    judged: readonly JudgedNight[],
    members: readonly ForecastBatch[],
  ): ForecastBatch {
    this.learnFrom(history);
    const losses = averageNights(judged, this.about);
    const choice = chooseMembers(losses, fleetLosses(losses));
    const bounds = boundsOf(history, this.request);
    const forecast = calibrateForecast(combineForecasts(choice, members), this.calibration, bounds);
    this.past = [...this.past, { forecast, at: history.length, learnedSteps: 0 }];
    return forecast;
  }

  private learnFrom(history: SeriesBatch): void {
    const seen = this.past.map(({ forecast, at, learnedSteps }) => {
      const stepsBack = history.length - at;
      this.calibration = learnNight(this.calibration, forecast, history, stepsBack, learnedSteps);
      return { forecast, at, learnedSteps: stepsBack };
    });
    this.past = seen.filter(({ learnedSteps }) => learnedSteps < this.request.horizon);
  }

  /** Nights of the calibration span older than `age`, seen from the night of that age. */
  private nightsOfSpan(age: number, seenFrom: number): readonly JudgedNight[] {
    return this.members[0].nights.flatMap((_, night) =>
      night + 1 <= age
        ? []
        : [{ age: night + 1 - seenFrom, losses: this.members.map((one) => one.nights[night]) }],
    );
  }

  private nightsBefore(origin: number, history: SeriesBatch): readonly JudgedNight[] {
    const { origins, stepsPerDay } = this.request;
    const sinceFirst = (history.length - knownLength(origins, 0)) / stepsPerDay;
    const judged = [...this.nightsOfSpan(0, -sinceFirst)];
    for (let past = 0; past < origin; past += 1) {
      const stepsBack = history.length - knownLength(origins, past);
      const losses = this.members.map((one) =>
        nightLosses(history, stepsBack, one.forecasts[past], this.about.blocks),
      );
      judged.push({ age: stepsBack / stepsPerDay, losses });
    }
    return judged;
  }
}
