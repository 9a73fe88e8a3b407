// What a command says when it fails, and with which exit code.
import { DomainError } from '../core';

const USAGE = 2; // bad input: trying again with the same input cannot help
const FAILED = 1;

/** One sentence and its remedy on stderr; the stack only for what is our own fault. */
export function reportFailure(error: unknown): number {
  if (error instanceof DomainError) {
    process.stderr.write(`slackwater: ${error.message}. ${error.remedy}\n`);
    return error.status < 500 ? USAGE : FAILED;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`slackwater: ${text}\n`);
  return FAILED;
}
