// Models from outside, NAME=COMMAND: names, the words of their commands, and the bounds of their processes.
import { CommandProcess } from '../adapters/process';
import { DomainError } from '../core';
import { MODEL_NAMES, type OutsideModels } from '../models';

export interface OutsideCommand {
  readonly name: string;
  /** The program and its arguments. */
  readonly words: readonly string[];
}

export interface OutsideSettings {
  readonly outside: readonly OutsideCommand[];
  /** Of one process from outside. */
  readonly outsideSeconds: number;
  readonly outsideMib: number;
}

/** Of one process: defaults, and what is accepted at most. */
export const OUTSIDE_BOUNDS = {
  seconds: 60,
  secondsMax: 3_600,
  mib: 4_096,
  mibMax: 1_048_576,
} as const;

const NAME = /^[a-z][a-z0-9-]{0,39}$/;

/** Throws REQUEST_INVALID naming the option and what it accepts. */
export function outsideCommands(options: readonly string[]): readonly OutsideCommand[] {
  const names = new Set(MODEL_NAMES);
  return options.map((option) => {
    const at = option.indexOf('=');
    const name = option.slice(0, Math.max(0, at)).trim();
    const words = wordsOf(option.slice(at + 1));
    if (!NAME.test(name) || name.endsWith('-mean') || words.length === 0) {
      throw invalid(`'${option}'; NAME=COMMAND is accepted, NAME of a-z, 0-9, and -, not X-mean`);
    }
    if (names.has(name)) throw invalid(`'${option}', but a model '${name}' exists already`);
    names.add(name);
    return { name, words };
  });
}

/** Words between blanks; quotes of either kind keep blanks, and nothing else is special. */
export function wordsOf(command: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    words.push(word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'));
  }
  return words;
}

/** Throws PROGRAM_UNSTARTABLE. */
export function outsideModels(settings: OutsideSettings): OutsideModels {
  const bounds = {
    secondsMax: settings.outsideSeconds,
    memoryBytesMax: settings.outsideMib * 1_048_576,
  };
  return new Map(
    settings.outside.map(({ name, words }) => [name, new CommandProcess(words, bounds)]),
  );
}

function invalid(what: string): DomainError {
  return new DomainError('REQUEST_INVALID', `--outside is ${what}`, { field: 'outside' });
}
