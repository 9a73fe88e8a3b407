// `slackwater config`: what is configured, or the page that describes all of it.
import type { Command } from 'commander';
import { configDocs, readConfig } from '../../config';
import { showConfig } from '../show-config';

export function registerConfig(program: Command): void {
  program
    .command('config')
    .description('print the effective configuration without its secrets')
    .option('--docs', 'print docs/configuration.md instead')
    .action((options: { readonly docs?: boolean }) => {
      if (options.docs === true) process.stdout.write(configDocs());
      else process.stdout.write(showConfig(readConfig(process.env)));
    });
}
