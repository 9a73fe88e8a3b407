// What `drain` and `upgrade` take alike: limits of the moves; and how they tell what stands in the way.
import { InvalidArgumentError, type Command } from 'commander';
import type { Blocker } from '../../migration';
import type { Column } from '../table';
import type { ClientOptions } from './service-options';

export interface MoveOptions extends ClientOptions {
  readonly by: string;
  readonly maxDowntime?: number;
  readonly maxDuration?: number;
  readonly coolDown?: number;
  readonly parallel?: number;
  readonly postCopy?: boolean;
}

/** Exit code: the plan leaves VMs or hosts as they are. */
export const BLOCKED = 3;
export const PARALLEL_MAX = 8;
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

export const BLOCKERS: readonly Column<Blocker>[] = [
  { head: 'vm', cell: ({ vmId }) => vmId },
  { head: 'code', cell: ({ code }) => code },
  { head: 'reason', cell: ({ reason }) => reason },
  { head: 'unblock', cell: ({ unblock }) => unblock.join(' | ') },
];

export function withLengths(command: Command): Command {
  return command
    .option('--max-downtime <length>', 'P95 of each pause, as 300ms (the default)', lengthOf)
    .option('--max-duration <length>', 'P95 of each migration, as 10m', lengthOf)
    .option(
      '--cool-down <length>',
      'rest of a VM after a migration, as 1h (the default)',
      lengthOf,
    );
}

/** The part of the request that both have. */
export function limitsOf(options: MoveOptions): object {
  return {
    by: options.by,
    maxDowntimeMs: options.maxDowntime,
    maxDurationMs: options.maxDuration,
    coolDownMs: options.coolDown,
    parallelMax: options.parallel,
    postCopy: options.postCopy,
  };
}

/** "300ms", "90s", "10m", "1h". */
export function lengthOf(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined) {
    throw new InvalidArgumentError(`'${text}' is no length; write 300ms, 90s, 10m, or 1h.`);
  }
  return Number(number) * UNIT_MS[unit];
}
