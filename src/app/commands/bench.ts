// `slackwater bench KERNEL`: one line per kernel, compared with the reference before it is timed.
import type { Command } from 'commander';
import { loadEntries } from '../bench/load-entries';

export function registerBench(program: Command): void {
  const bench = program
    .command('bench')
    .description('time one kernel on one core, after comparing it with the reference');
  for (const entry of loadEntries()) entry.register(bench);
}
