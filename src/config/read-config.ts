// The environment, read once: every problem in one message, then frozen.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DomainError } from '../core';
import { SETTINGS, type Config, type Setting, type SettingName } from './schema';

/** Throws CONFIG_INVALID listing each bad name, its value (not of secrets), and what is accepted. */
export function readConfig(
  environment: Readonly<Record<string, string | undefined>>,
  overrides: Readonly<Partial<Record<SettingName, string>>> = {},
): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS) as SettingName[]) {
    const one: Setting = SETTINGS[name];
    const text = overrides[name] ?? textOf(name, one, environment, problems);
    const parsed = one.schema.safeParse(text === '' ? undefined : text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push(problemOf(name, one, text, parsed.error));
  }
  if (problems.length > 0) {
    throw new DomainError('CONFIG_INVALID', `the configuration is wrong: ${problems.join('; ')}`, {
      problems,
    });
  }
  return Object.freeze(values) as Config;
}

function textOf(
  name: string,
  one: Setting,
  environment: Readonly<Record<string, string | undefined>>,
  problems: string[],
): string | undefined {
  const file = one.secret === true ? environment[`${name}_FILE`] : undefined;
  if (file === undefined) return environment[name];
  if (environment[name] !== undefined) {
    problems.push(`${name} and ${name}_FILE are both set`);
    return undefined;
  }
  try {
    const text = readFileSync(file, 'utf8').trim();
    if (text !== '') return text;
    // Taken as absent, a secret that was lost would turn off what it protects.
    problems.push(`${name}_FILE '${file}' is empty`);
    return undefined;
  } catch (error) {
    problems.push(`${name}_FILE '${file}' cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}

function problemOf(
  name: string,
  one: Setting,
  text: string | undefined,
  error: z.ZodError,
): string {
  const shown = one.secret === true ? 'a secret value' : `'${text ?? ''}'`;
  const accepted = error.issues.map((issue) => issue.message).join(', ');
  return `${name} is ${shown}: ${accepted}`;
}
