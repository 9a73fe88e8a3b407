// Why a migration failed, by the words of hypervisors; the first row that fits decides.
import type { FailureCause } from '../../migration';

const CAUSES: readonly (readonly [RegExp, FailureCause])[] = [
  [
    /mismatch|unknown savevm|unsupported|invalid magic|incompatible|not compatible/i,
    'incompatible',
  ],
  [
    /cannot allocate|out of memory|no space|no valid host|unschedulable|insufficient|quota/i,
    'resources',
  ],
  [/stuck for|not converg|no progress/i, 'no-convergence'],
  [
    /refused|reset by peer|unreachable|broken pipe|unable to write|closed|connection timed out|no route/i,
    'connection',
  ],
  [/not completed after|timed out|time-?out/i, 'timeout'],
  [/cancel|interrupted by|aborted by/i, 'operator'],
  [/target (pod|node|host|vm)|(remote|target) node|destination/i, 'destination'],
];

export function causeOf(text: string): FailureCause {
  return CAUSES.find(([pattern]) => pattern.test(text))?.[1] ?? 'hypervisor';
}
