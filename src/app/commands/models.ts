// `slackwater models list|show|promote|rollback`: the registry of a running service.
import type { Command } from 'commander';
import { formatInstant } from '../../core';
import type { AliasMove, GateVerdict, ModelAlias, ModelCard, ModelVersion } from '../../predict';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf } from './parse-options';
import { withService, type ClientOptions } from './service-options';

interface ModelItem extends ModelVersion {
  readonly aliases: readonly ModelAlias[];
}

interface ModelDetails extends ModelItem {
  readonly modelCard: ModelCard;
  readonly moves: readonly AliasMove[];
}

interface ListOptions extends ClientOptions {
  readonly limit: number;
}

interface MoveOptions extends ClientOptions {
  readonly why: string;
}

const ROWS_MAX = 500;

const COLUMNS: readonly Column<ModelItem>[] = [
  { head: 'model', cell: ({ name, stepSec }) => `${name}-${stepSec}` },
  { head: 'alias', cell: ({ aliases }) => aliases.join(' ') },
  { head: 'learned_until', cell: ({ untilMs }) => formatInstant(untilMs) },
  { head: 'vms', cell: ({ series }) => String(series), right: true },
  { head: 'seed', cell: ({ seed }) => String(seed), right: true },
  { head: 'pinball_pct', cell: (one) => own(one).pinballPct.toFixed(3), right: true },
  { head: 'mae_pct', cell: (one) => own(one).maePct.toFixed(3), right: true },
  { head: 'rel', cell: (one) => own(one).relative.toFixed(3), right: true },
  { head: 'created', cell: ({ createdMs }) => formatInstant(createdMs) },
  { head: 'id', cell: ({ modelId }) => modelId },
];

function own({ metrics }: ModelItem) {
  return metrics.models[0];
}

const ID = 'of a version, or NAME-STEP@champion or NAME-STEP@challenger';

export function registerModels(program: Command): void {
  const group =
    program.commands.find((one) => one.name() === 'models') ??
    program.command('models').description('trained models of the fleet');
  withService(
    group
      .command('list')
      .description('versions in the registry of a running service, newest first')
      .option('--limit <count>', 'most versions to list', countOf(1, ROWS_MAX), 50),
  ).action(list);
  withService(
    group
      .command('show')
      .argument('<id>', ID)
      .description('the model card of a version, and where its aliases went'),
  ).action(show);
  withService(
    group
      .command('promote')
      .argument('<id>', ID)
      .description('make a version the champion, if it passes the gate')
      .requiredOption('--why <reason>', 'kept with the move'),
  ).action(promote);
  withService(
    group
      .command('rollback')
      .argument('<id>', `${ID}: the champion that is to go`)
      .description('back to the champion before, or to none')
      .requiredOption('--why <reason>', 'kept with the move'),
  ).action(rollback);
}

async function list(options: ListOptions): Promise<void> {
  const path = `/v1/models?limit=${options.limit}`;
  const { items } = await RestClient.of(options).json<{ items: ModelItem[] }>(path);
  if (options.output === 'json') process.stdout.write(`${JSON.stringify({ items })}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, items));
  else process.stdout.write(alignedTable(COLUMNS, items));
}

const MOVES: readonly Column<AliasMove>[] = [
  { head: 'at', cell: ({ atMs }) => formatInstant(atMs) },
  { head: 'alias', cell: ({ alias }) => alias },
  { head: 'move', cell: ({ kind }) => kind },
  { head: 'from', cell: ({ fromId }) => fromId ?? '' },
  { head: 'to', cell: ({ toId }) => toId ?? '' },
  { head: 'who', cell: ({ who }) => who },
  { head: 'why', cell: ({ why }) => why },
];

async function show(id: string, options: ClientOptions): Promise<void> {
  const client = RestClient.of(options);
  const text = await client.text(pathOf(id));
  const { moves } = JSON.parse(text) as ModelDetails;
  if (options.output === 'json') process.stdout.write(`${text}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(MOVES, moves));
  else {
    const card = await client.text(pathOf(id, '/card'));
    process.stdout.write(`${card}\n${alignedTable(MOVES, moves)}`);
  }
}

async function promote(id: string, { why, ...options }: MoveOptions): Promise<void> {
  const client = RestClient.of(options);
  const text = await client.text(pathOf(id, '/promote'), 'POST', { why });
  const { name, stepSec, modelId, gate } = JSON.parse(text) as ModelItem & { gate: GateVerdict };
  const against = `${gate.ratio.toFixed(3)} of the loss of ${gate.against}`;
  const told = `${name}-${stepSec}: ${modelId} is the champion, ${against} over ${gate.origins} nights`;
  process.stdout.write(`${options.output === 'json' ? text : told}\n`);
}

async function rollback(id: string, { why, ...options }: MoveOptions): Promise<void> {
  const client = RestClient.of(options);
  const text = await client.text(pathOf(id, '/rollback'), 'POST', { why });
  const { slot, championId } = JSON.parse(text) as { slot: string; championId: string | null };
  const now = championId === null ? 'has no champion now' : `${championId} is the champion again`;
  process.stdout.write(`${options.output === 'json' ? text : `${slot}: ${now}`}\n`);
}

function pathOf(id: string, rest = ''): string {
  return `/v1/models/${encodeURIComponent(id)}${rest}`;
}
