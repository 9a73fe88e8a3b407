// `slackwater windows [ID]`: the next window of each VM, or one VM's document as it is.
import type { Command } from 'commander';
import { formatInstant } from '../../core';
import { RestClient } from '../client/rest-client';
import { alignedTable, csvTable, type Column } from '../table';
import { countOf } from './parse-options';
import { vmPath, withService, type ClientOptions } from './service-options';

interface VmItem {
  readonly vmId: string;
  readonly host?: string;
  readonly policy: string;
  readonly model?: string;
  readonly abstention?: string;
  readonly nextWindow?: { readonly notBeforeMs: number; readonly loadPct: number };
}

interface WindowsOptions extends ClientOptions {
  readonly query?: string;
  readonly limit: number;
}

const PAGE_ROWS = 500; // the most that one answer holds
const LIMIT_MAX = 10_000_000;

const COLUMNS: readonly Column<VmItem>[] = [
  { head: 'vm', cell: ({ vmId }) => vmId },
  { head: 'host', cell: ({ host }) => host ?? '' },
  { head: 'policy', cell: ({ policy }) => policy },
  { head: 'model', cell: ({ model }) => model ?? '' },
  {
    head: 'not_before',
    cell: ({ nextWindow }) =>
      nextWindow === undefined ? '' : formatInstant(nextWindow.notBeforeMs),
  },
  {
    head: 'load_pct',
    cell: ({ nextWindow }) => nextWindow?.loadPct.toFixed(2) ?? '',
    right: true,
  },
  { head: 'why_none', cell: ({ abstention }) => abstention ?? '' },
];

export function registerWindows(program: Command): void {
  withService(
    program
      .command('windows [id]')
      .description("the next window of each VM; with ID and -o json that VM's document, as it is")
      .option('--query <part>', 'VMs whose id contains it')
      .option('--limit <count>', 'most VMs to list', countOf(1, LIMIT_MAX), 50),
  ).action(windows);
}

async function windows(id: string | undefined, options: WindowsOptions): Promise<void> {
  const client = RestClient.of(options);
  if (id !== undefined && options.output === 'json') {
    process.stdout.write(`${await client.text(vmPath(id, '/windows'))}\n`);
    return;
  }
  const items =
    id === undefined ? await list(client, options) : [await client.json<VmItem>(vmPath(id))];
  if (options.output === 'json') process.stdout.write(`${JSON.stringify({ items })}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, items));
  else process.stdout.write(alignedTable(COLUMNS, items));
}

async function list(client: RestClient, options: WindowsOptions): Promise<readonly VmItem[]> {
  const items: VmItem[] = [];
  let cursor: string | undefined;
  do {
    const asked = new URLSearchParams({
      limit: String(Math.min(PAGE_ROWS, options.limit - items.length)),
      ...(options.query !== undefined && { q: options.query }),
      ...(cursor !== undefined && { cursor }),
    });
    const page = await client.json<{ items: readonly VmItem[]; next?: string }>(
      `/v1/vms?${asked.toString()}`,
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined && items.length < options.limit);
  return items;
}
