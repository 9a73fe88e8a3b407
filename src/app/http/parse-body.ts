// Requests against their zod schemas: every problem names the field, the value, and what is accepted.
import type { z } from 'zod';
import { DomainError } from '../../core';

const VALUE_SHOWN_MAX = 60;

/** Throws REQUEST_INVALID. */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const first = parsed.error.issues[0];
  const field = first.path.join('.') || 'body';
  const shown = JSON.stringify(valueAt(value, first.path))?.slice(0, VALUE_SHOWN_MAX) ?? 'absent';
  throw new DomainError('REQUEST_INVALID', `${field} is ${shown}: ${first.message}`, { field });
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
  return at;
}
