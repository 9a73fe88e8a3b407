// The options of `slackwater backtest`, checked before a file is opened.
import { DomainError, QUANTILE_LEVELS, type EpochMs } from '../../core';
import { MODEL_NAMES } from '../../models';
import type { Anchor, OriginRequest } from '../../predict';
import {
  OUTSIDE_BOUNDS,
  outsideCommands,
  type OutsideCommand,
  type OutsideSettings,
} from '../outside-models';

export interface BacktestSettings extends OriginRequest, OutsideSettings {
  readonly input: string;
  readonly actuals?: string;
  readonly train: readonly string[];
  readonly trainOnly: boolean;
  readonly m4: boolean;
  readonly stepSec: number;
  readonly stepsPerDay: number;
  readonly models: readonly string[];
  /** Ascending. */
  readonly levels: readonly number[];
  readonly until?: EpochMs;
  readonly forecasts?: string;
  readonly structure?: string;
  readonly windows?: WindowsSettings;
  readonly backend: string;
  readonly output: 'table' | 'json';
}

export interface WindowsSettings {
  readonly file: string;
  /** Lengths, each a whole number of steps. */
  readonly minutes: readonly number[];
}

const STEPS_SEC = [300, 3_600];
const MINUTES_MAX = 720; // half a day: two windows do not overlap
const HORIZON_DAYS_MAX = 7; // the longest forecast of a night
const ORIGINS_MAX = 1_000;
const DAY_SEC = 86_400;

type Options = Readonly<Record<string, unknown>>;

/** Throws REQUEST_INVALID, HORIZON_TOO_LONG, MODEL_UNKNOWN naming the option and what it accepts. */
export function parseBacktest(options: Options): BacktestSettings {
  const train = (options.train as readonly string[] | undefined) ?? [];
  if (options.trainOnly === true && train.length === 0) {
    throw invalid('--train-only is set; name the fleets to learn from with --train', 'trainOnly');
  }
  const stepSec = Number(oneOf(options, 'step', STEPS_SEC.map(String)));
  const stepsPerDay = DAY_SEC / stepSec;
  const outside = outsideCommands((options.outside as readonly string[] | undefined) ?? []);
  const originsText = text(options, 'origins');
  return {
    input: String(options.input),
    actuals: optional(options.actuals),
    train,
    trainOnly: options.trainOnly === true,
    m4: oneOf(options, 'format', ['csv', 'm4']) === 'm4',
    stepSec,
    stepsPerDay,
    horizon: horizonOf(options, stepsPerDay),
    origins: originsText === 'final' ? 'final' : whole(options, 'origins', ORIGINS_MAX),
    originStep:
      options.originStep === undefined
        ? stepsPerDay
        : whole(options, 'originStep', 365 * stepsPerDay),
    anchor: oneOf(options, 'anchor', ['auto', 'global', 'series']) as Anchor,
    models: modelsOf(text(options, 'models'), outside),
    outside,
    outsideSeconds: whole(options, 'outsideSeconds', OUTSIDE_BOUNDS.secondsMax),
    outsideMib: whole(options, 'outsideMib', OUTSIDE_BOUNDS.mibMax),
    levels:
      options.quantiles === undefined ? QUANTILE_LEVELS : levelsOf(text(options, 'quantiles')),
    until: options.until as EpochMs | undefined,
    forecasts: optional(options.forecasts),
    structure: optional(options.structure),
    windows: windowsOf(options, stepSec),
    backend: oneOf(options, 'backend', ['auto', 'reference', 'native']),
    output: oneOf(options, 'output', ['table', 'json']) as 'table' | 'json',
  };
}

/** Windows of one day are ranked by a forecast of that whole day. */
function windowsOf(options: Options, stepSec: number): WindowsSettings | undefined {
  if (options.windows === undefined) {
    if (options.minutes === undefined) return undefined;
    throw invalid('--minutes is set; name the file to write with --windows', 'windows');
  }
  if (Number(options.horizon) * stepSec < DAY_SEC) {
    const message = `--windows ranks a whole day; --horizon ${text(options, 'horizon')} is less`;
    throw invalid(`${message}, ${DAY_SEC / stepSec} steps are needed`, 'horizon');
  }
  if (text(options, 'format') === 'm4') throw invalid('--windows needs instants', 'format');
  const minutes = String(options.minutes ?? '30,120')
    .split(',')
    .map(Number);
  const bad = minutes.find(
    (one) => !(one > 0 && one <= MINUTES_MAX && Number.isInteger((60 * one) / stepSec)),
  );
  if (bad !== undefined) {
    const message = `--minutes has '${bad}'; whole steps of ${stepSec} s up to ${MINUTES_MAX}`;
    throw invalid(`${message} minutes are accepted`, 'minutes');
  }
  return { file: String(options.windows), minutes: [...new Set(minutes)] };
}

function text(options: Options, name: string): string {
  return String(options[name]);
}

function optional(value: unknown): string | undefined {
  return value === undefined ? undefined : String(value);
}

function flag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function oneOf(options: Options, name: string, accepted: readonly string[]): string {
  const value = text(options, name);
  if (accepted.includes(value)) return value;
  throw invalid(`${flag(name)} is '${value}'; ${accepted.join(' or ')} is accepted`, name);
}

function whole(options: Options, name: string, most: number): number {
  const value = Number(options[name]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw invalid(`${flag(name)} is '${text(options, name)}'; 1 to ${most} is accepted`, name);
}

function horizonOf(options: Options, stepsPerDay: number): number {
  const most = HORIZON_DAYS_MAX * stepsPerDay;
  const value = Number(options.horizon);
  if (Number.isInteger(value) && value > most) {
    throw new DomainError(
      'HORIZON_TOO_LONG',
      `--horizon is ${value}; 1 to ${most} steps of ${DAY_SEC / stepsPerDay} s are accepted`,
      { field: 'horizon' },
    );
  }
  return whole(options, 'horizon', most);
}

function modelsOf(list: string, outside: readonly OutsideCommand[]): readonly string[] {
  const names = list.split(',').map((name) => name.trim());
  const known = [...MODEL_NAMES, ...outside.map(({ name }) => name)];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new DomainError(
      'MODEL_UNKNOWN',
      `model '${unknown}' is unknown; there are ${known.join(', ')}`,
      { field: 'models' },
    );
  }
  return [...new Set(names)];
}

function levelsOf(list: string): readonly number[] {
  const levels = list.split(',').map(Number);
  const bad = levels.findIndex((level) => !(level > 0 && level < 1));
  if (bad >= 0) {
    throw invalid(`--quantiles has '${list.split(',')[bad]}'; levels lie in (0, 1)`, 'quantiles');
  }
  return [...new Set(levels)].toSorted((a, b) => a - b);
}

function invalid(message: string, field: string): DomainError {
  return new DomainError('REQUEST_INVALID', message, { field });
}
