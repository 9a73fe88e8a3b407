// `slackwater feed`: what programs that read the feed need: its AsyncAPI document, and types.
import type { Command } from 'commander';
import { asyncApi } from '../feed/asyncapi';
import { feedTypes } from '../feed/feed-types';

export function registerFeed(program: Command): void {
  const feed = program.command('feed').description('describes the feed to programs that read it');
  feed
    .command('asyncapi')
    .description('prints docs/asyncapi.json (AsyncAPI 3), also at /asyncapi.json of a service')
    .action(() => void process.stdout.write(`${JSON.stringify(asyncApi(), undefined, 2)}\n`));
  feed
    .command('types')
    .description('prints TypeScript types of the documents')
    .action(() => void process.stdout.write(feedTypes()));
}
