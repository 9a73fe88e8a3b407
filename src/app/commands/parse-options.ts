// Option values of commands: each refusal names the value and what is accepted.
import { InvalidArgumentError } from 'commander';
import type { EpochMs } from '../../core';

/** A whole number in [min, max]. */
export function countOf(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`'${text}' is not accepted; ${min} to ${max} is.`);
  };
}

/** ISO 8601, or epoch seconds. */
export function instantOf(text: string): EpochMs {
  const tsMs = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (!Number.isNaN(tsMs)) return tsMs;
  throw new InvalidArgumentError(`'${text}' is no instant; write 2013-09-15T22:00:00Z.`);
}
